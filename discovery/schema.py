"""The root of the GraphQL schema: the rooms' parts merged, ``viewer`` and ``node`` added, limits put around it.

A room's ``api`` offers a ``Query``, a ``Mutation`` and its part of ``Viewer``, each where it has one.
"""

from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import strawberry
from django.conf import settings
from django.db.models import Model
from graphql import GraphQLError, GraphQLObjectType
from strawberry import relay
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry_django.optimizer import DjangoOptimizerExtension

import accounts.api
import discovery.device.api
import discovery.engagement.api
import discovery.experiments.api
import discovery.library.api
import discovery.moments.api
import discovery.plans.api
import discovery.privacy.api
import discovery.radio.api
import discovery.realtime.subscriptions
import discovery.recommend.api
import discovery.room.api
import discovery.segments.api
import discovery.together.api
import graph.api
from accounts.api.context import Info, ViewerPart
from accounts.models import User
from accounts.presentation import ensure_shown, viewer_key
from discovery.costs import COSTS, ROWS
from discovery.platform.errors import ScopeMissing
from discovery.platform.graphql import execution
from discovery.platform.graphql.admission import Admission
from discovery.platform.graphql.branches import Place
from discovery.platform.graphql.deadline import Deadline
from discovery.platform.graphql.described import described
from discovery.platform.graphql.execution import EarshotExecution
from discovery.platform.graphql.lenient import LENIENT, LenientVariables
from discovery.platform.graphql.limits import Costs
from discovery.platform.graphql.messages import OperationInfo
from discovery.platform.graphql.metered import Metered
from discovery.platform.graphql.node import PlainNode, node_ids_resolve_fast, node_resolve
from discovery.platform.graphql.refusals import log_unexpected, operation_info
from discovery.scopes import ROOTS, ensure_node_scope, ensure_scope

ROOMS: tuple[ModuleType, ...] = (
    accounts.api,
    graph.api,
    discovery.recommend.api,
    discovery.together.api,
    discovery.radio.api,
    discovery.room.api,
    discovery.library.api,
    discovery.plans.api,
    discovery.experiments.api,
    discovery.segments.api,
    discovery.moments.api,
    discovery.device.api,
    discovery.engagement.api,
    discovery.privacy.api,
    discovery.realtime.subscriptions,
)


def _parts(name: str) -> tuple[type, ...]:
    return tuple(getattr(room, name) for room in ROOMS if hasattr(room, name))


@strawberry.type
class _ViewerNode(PlainNode, ViewerPart):
    @classmethod
    def resolve_node(cls, node_id: str, *, info: Info, **_: Any) -> object:  # type: ignore[override]
        """Whoever asks, to themselves alone."""
        user = info.context.viewer
        return _viewer(user) if user is not None and user.pk == int(node_id) else None


Viewer = merge_types("Viewer", (_ViewerNode, *_parts("Viewer")))


def _viewer(user: User) -> object:
    return Viewer(pk=user.pk, user=user)


@strawberry.type
class _Root:
    @strawberry.field(description="The person signed in; null when nobody is.", graphql_type=Viewer | None)
    def viewer(self, info: Info) -> object:
        user = info.context.viewer
        return None if user is None else _viewer(user)

    @strawberry.field(description="Anything with a global id, where you may see it.")
    def node(self, info: Info, id: strawberry.ID) -> relay.Node | None:  # noqa: A002
        context = info.context
        return node_resolve(
            id,
            info=info,
            ensure=lambda name: (
                None if context.viewer is None else ensure_node_scope(context.credential, name)
            ),
        )


class GuardedExecution(EarshotExecution):
    """An execution in which no row goes out that the pipeline did not present to whoever asks, and in which no
    token does more than its scopes allow.
    """

    guarded = frozenset(ROOTS)

    def instead(self, parent_type: str, field_name: str) -> OperationInfo | None:
        if self.context_value.viewer is None or field_name.startswith(
            "__"
        ):  # what GraphQL itself tells is everybody's
            return None
        try:
            ensure_scope(self.context_value.credential, f"{parent_type}.{field_name}")
        except ScopeMissing as refusal:
            if parent_type != "Mutation":
                raise
            return operation_info(refusal)
        return None

    def check_shown(
        self, return_type: GraphQLObjectType, result: Model, source: Any, place: Place | execution.Info
    ) -> None:
        ensure_shown(result, self.viewer_key, source, place.parent_type.name, place.field_name)

    @cached_property
    def viewer_key(self) -> int:
        return viewer_key(self.context_value.viewer)


class Schema(strawberry.Schema):
    def execute_sync(self, query: str | None, **options: Any) -> ExecutionResult:  # type: ignore[override]
        """One answer; a subscription is followed on a socket, and asked for here it is refused."""
        allowed = set(options.pop("allowed_operation_types", None) or OperationType)
        return super().execute_sync(
            query, allowed_operation_types=allowed - {OperationType.SUBSCRIPTION}, **options
        )

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        log_unexpected(errors)


schema = Schema(
    query=merge_types("Query", (_Root, *_parts("Query"))),
    mutation=merge_types("Mutation", _parts("Mutation")),
    subscription=merge_types("Subscription", _parts("Subscription")),
    extensions=[
        DjangoOptimizerExtension,
        LenientVariables,
        lambda: Admission(Costs(own=COSTS, rows=ROWS)),
        Deadline,
        Metered,
    ],
    execution_context_class=GuardedExecution,
    config=StrawberryConfig(disable_field_suggestions=not settings.DEBUG, scalar_map=LENIENT),
)
node_ids_resolve_fast(schema._schema)  # noqa: SLF001
DESCRIPTIONS = Path(__file__).with_name("descriptions.tsv")
UNUSED_DESCRIPTIONS = described(schema._schema, DESCRIPTIONS)  # noqa: SLF001
