"""GraphQL over HTTP: ``/graphql/``, one operation a request, JSON in and out; GraphiQL only under DEBUG.

Whoever is signed in asks by POST: words of an address end in the log of every proxy, and these are a person's. Whoever is
not may ask queries by GET as well.
"""

from collections.abc import Mapping
from typing import Any

from cross_web import HTTPException, SyncHTTPRequestAdapter
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.decorators import decorator_from_middleware, method_decorator
from django.views.decorators.csrf import csrf_exempt
from strawberry.django.context import StrawberryDjangoContext
from strawberry.django.views import GraphQLView, TemporalHttpResponse
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult

from discovery.platform.errors import LimitExceeded, Unavailable
from discovery.platform.graphql.persisted import RefusedRequest, document_choose
from discovery.platform.graphql.refusals import coded
from discovery.platform.outage import AGAIN_SECONDS

RESPONSE_TYPE = "application/graphql-response+json"
BY_POST = "Send what is asked by somebody signed in as POST. (Apollo Client: useGETForQueries: false; urql: preferGetMethod: false.)"


class CodedCsrfMiddleware(CsrfViewMiddleware):
    """Django's check, with a refusal that an app can read."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponseBase:
        return _refused(f"Send the CSRF token: {reason}", 403, "CSRF_FAILED")


@method_decorator(csrf_exempt, name="dispatch")
class EarshotGraphQLView(GraphQLView[StrawberryDjangoContext, None]):
    """strawberry's view, with coded errors for everything that goes wrong before an operation runs.

    The CSRF token is asked of whoever sends a session cookie, and of nobody else: without one there
    is no authority that another site could borrow.
    """

    context_type: type[StrawberryDjangoContext] = (
        StrawberryDjangoContext  # ``as_view`` is given the project's
    )

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            return self._dispatch_with_csrf_token(request)
        return self._dispatch(request)

    @method_decorator(decorator_from_middleware(CodedCsrfMiddleware))
    def _dispatch_with_csrf_token(self, request: HttpRequest) -> HttpResponseBase:
        return self._dispatch(request)

    def _dispatch(self, request: HttpRequest) -> HttpResponseBase:
        if (refusal := _method_refusal(request)) is not None:
            return refusal
        try:
            asked = len(request.META.get("QUERY_STRING", "")) + len(request.body)
        except RequestDataTooBig:
            asked = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
        if asked > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            largest = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            return _refused(f"A request body holds at most {largest} bytes.", 413, LimitExceeded.code)
        try:
            return self.run(request=request)
        except RefusedRequest as error:
            return _refused(error.reason, error.status_code, error.code)
        except HTTPException as error:
            if request.method == "GET" and isinstance(error.__cause__, InvalidOperationTypeError):
                return _not_allowed("GET is for queries; send this as POST.", "POST")
            return _refused(error.reason, error.status_code)

    def get_context(self, request: HttpRequest, response: HttpResponse) -> StrawberryDjangoContext:
        return self.context_type(request=request, response=response)

    def decode_json(self, data: str | bytes) -> object:
        try:
            return super().decode_json(data)
        except (ValueError, RecursionError) as error:  # a number of thousands of digits is a ValueError, too
            raise HTTPException(400, "Unable to parse request body as JSON") from error

    def parse_http_body(
        self, request: SyncHTTPRequestAdapter
    ) -> GraphQLRequestData | list[GraphQLRequestData]:
        if request.method == "GET":
            return self._one(super().parse_http_body(request), dict(request.query_params))
        try:
            body = self.parse_json(request.body)
        except UnicodeDecodeError as error:
            raise HTTPException(400, "A request body is UTF-8.") from error
        if not isinstance(body, dict):
            if "application/json" in (request.content_type or ""):
                raise HTTPException(400, "A request is one JSON object; batching is not enabled.")
            body = {}
        return self._one(super().parse_http_body(request), body)

    def _one(
        self, data: GraphQLRequestData | list[GraphQLRequestData], body: Mapping[str, Any]
    ) -> GraphQLRequestData:
        if isinstance(data, list):
            raise HTTPException(400, "A request is one JSON object; batching is not enabled.")
        if not isinstance(data.operation_name, str | None):
            raise HTTPException(400, "The `operationName` must be a string or null, if provided.")
        document_choose(data, body, listed_only=settings.PERSISTED_ONLY and not _own_page(self.request))
        return data

    def process_result(self, request: HttpRequest, result: ExecutionResult) -> GraphQLHTTPResponse:
        result.errors = [coded(error) for error in result.errors] if result.errors else None
        response = super().process_result(request, result)
        if result.data is None and result.errors and not any(error.path for error in result.errors):
            response.pop("data", None)  # nothing ran
        return response

    def create_response(
        self,
        response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse],
        sub_response: HttpResponse,
    ) -> HttpResponseBase:
        response = super().create_response(response_data, sub_response)
        response["Content-Type"] = "application/json; charset=utf-8"
        errors: Any = [] if isinstance(response_data, list) else response_data.get("errors", [])
        if any((error.get("extensions") or {}).get("code") == Unavailable.code for error in errors):
            response.status_code, response["Retry-After"] = 503, str(AGAIN_SECONDS)
        elif RESPONSE_TYPE in self.request.headers.get("Accept", ""):
            response["Content-Type"] = f"{RESPONSE_TYPE}; charset=utf-8"
            if "data" not in response_data:
                response.status_code = 400
        return response

    def get_sub_response(self, request: HttpRequest) -> TemporalHttpResponse:
        response = super().get_sub_response(request)
        response["Cache-Control"] = "no-store"  # answers are one person's
        return response


def _own_page(request: HttpRequest) -> bool:
    """Whether a page of the installation asks, which brings a session and its CSRF token."""
    return bool(request.user.is_authenticated) and "Authorization" not in request.headers


def _refused(message: str, status: int, code: str = "BAD_REQUEST") -> JsonResponse:
    return JsonResponse(
        {"errors": [{"message": message, "extensions": {"code": code}}]},
        status=status,
        headers={"Cache-Control": "no-store"},  # a document that is not known may be tomorrow
    )


def _method_refusal(request: HttpRequest) -> JsonResponse | None:
    """The answer to whoever asks in a way that is not for them; None where it is."""
    if request.method == "POST":
        return None
    if request.method != "GET":
        return _not_allowed("GraphQL is asked by POST or GET.", "GET, POST")
    page = settings.DEBUG and "query" not in request.GET  # GraphiQL's own
    return (
        _not_allowed(BY_POST, "POST", "SIGNED_IN_GET") if request.user.is_authenticated and not page else None
    )


def _not_allowed(message: str, methods: str, code: str = "METHOD_NOT_ALLOWED") -> JsonResponse:
    response = _refused(message, 405, code)
    response["Allow"] = methods
    return response
