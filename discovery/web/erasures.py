"""``/privacy/erasures/<uuid>``: for a browser a page with the steps, for everything else the same as JSON."""

from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from discovery.models import Erasure
from discovery.privacy import views
from discovery.web.views import confined

# In their order: what has come about with each.
STEPS: dict[str, Promise] = {
    Erasure.State.REQUESTED: _("Asked for."),
    Erasure.State.FROZEN: _("Everything is withdrawn, and nobody can sign in."),
    Erasure.State.PURGED: _("All is deleted but your answers. A recommender that learned from you is about to be replaced or retired."),
    Erasure.State.RETRAINED: _("No recommender that learned from you is left."),
    Erasure.State.CLOSED: _("Done. What stays for a time: your answers under a random number, the receipt, and digests by which no import brings you back."),
}  # fmt: skip


@require_safe
def erasure(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """Who knows the address may ask. A receipt is JSON, whoever asks for it by ``?receipt``."""
    row = Erasure.objects.filter(pk=key).first()
    wants_page = request.get_preferred_type(["application/json", "text/html"]) == "text/html"
    if row is None or not wants_page or "receipt" in request.GET:
        answer: HttpResponseBase = views.erasure(request, key)
    else:
        order = list(STEPS)
        steps = [
            {"state": state, "words": words, "done": order.index(state) <= order.index(row.state)}
            for state, words in STEPS.items()
        ]
        context = {"row": row, "words": STEPS[row.state], "steps": steps}
        answer = confined(render(request, "discovery/erasure.html", context))
    patch_vary_headers(answer, ["Accept"])
    return answer
