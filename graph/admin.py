"""Music for the people who run the installation, and what they say of who is who. Nobody's listening is shown here."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin import ReadOnlyAdmin
from accounts.models import User
from discovery.platform.errors import Refusal
from graph.models import (
    Artist,
    ArtistName,
    CatalogRuling,
    ModelEvent,
    ModelVersion,
    Naming,
    Tag,
    Track,
    TrainingRun,
)
from graph.services.rulings import items_merge, ruling_said, ruling_undo, words_split
from graph.serving.lifecycle import staff_name, who_were
from graph.training.reinstate import model_promote, model_rollback, model_stop

State = ModelVersion.State


def _told(request: HttpRequest, act: Callable[[], object], done: str) -> None:
    """Do it, and say so; or why not, after the code by which it is known."""
    try:
        act()
    except Refusal as refusal:
        messages.error(request, f"{refusal.specific_code}: {refusal.message}")
    else:
        messages.success(request, done)


@admin.action(description="These are one", permissions=["change"])
def merge(_admin: Any, request: HttpRequest, items: QuerySet[Any]) -> None:
    """Rule that the chosen rows are one."""
    _told(request, lambda: items_merge(items=list(items.order_by("pk"))), "They are one from now on.")


@admin.action(description="These words mean another", permissions=["view"])
def split(words_admin: "WordsAdmin", request: HttpRequest, words: QuerySet[Any]) -> None:
    """Rule that the chosen words are of none that they were taken for."""
    if not words_admin.may_rule(request):
        messages.error(request, "You may not say so.")
        return
    _told(request, lambda: words_split(words=list(words)), "They stand for themselves from now on.")


@admin.action(description="Take back", permissions=["view"])
def undo(_admin: Any, request: HttpRequest, rulings: QuerySet[CatalogRuling]) -> None:
    """Take the chosen rulings back."""
    if not request.user.has_perm("graph.change_catalogruling"):
        messages.error(request, "You may not say so.")
        return
    for ruling in rulings:
        _told(request, lambda ruling=ruling: ruling_undo(ruling=ruling), f"Taken back: {ruling}")  # type: ignore[misc]


def _on_one(
    request: HttpRequest, versions: QuerySet[ModelVersion], act: Callable[..., object], done: str
) -> None:
    """Do it with the chosen model, in the name of whoever asks."""
    if not request.user.has_perm("graph.change_modelversion"):
        messages.error(request, "You may not say so.")
    elif len(versions) != 1:
        messages.error(request, "Choose one.")
    else:
        who = staff_name(cast("User", request.user))
        _told(request, lambda: act(version_id=versions[0].pk, who=who), done)


@admin.action(description="Let this one serve", permissions=["view"])
def promote(_admin: Any, request: HttpRequest, versions: QuerySet[ModelVersion]) -> None:
    """Let the chosen model serve."""
    _on_one(request, versions, model_promote, "It serves from now on.")


@admin.action(description="Score this one beside the active one, and show it to nobody", permissions=["view"])
def shadow(_admin: Any, request: HttpRequest, versions: QuerySet[ModelVersion]) -> None:
    """Try the chosen model in the shadow."""
    _on_one(request, versions, partial(model_promote, becomes=State.SHADOW), "It is tried in the shadow.")


@admin.action(
    description="Let this one serve a share of those who agreed to experiments", permissions=["view"]
)
def canary(_admin: Any, request: HttpRequest, versions: QuerySet[ModelVersion]) -> None:
    """Try the chosen model as a canary."""
    _on_one(request, versions, partial(model_promote, becomes=State.CANARY), "It serves its share.")


@admin.action(description="Take this one out", permissions=["view"])
def stop(_admin: Any, request: HttpRequest, versions: QuerySet[ModelVersion]) -> None:
    """Stop the chosen model."""
    _on_one(request, versions, model_stop, "It serves nobody any more.")


@admin.action(description="Let one that was served before the active one serve again", permissions=["view"])
def roll_back(_admin: Any, request: HttpRequest, versions: QuerySet[ModelVersion]) -> None:
    """Go back to the chosen model."""
    _on_one(request, versions, model_rollback, "It serves again from now on.")


@admin.register(Artist)
class ArtistAdmin(admin.ModelAdmin[Artist]):
    list_display = ("name", "mbid", "external_id", "pk")
    search_fields = ("key",)
    actions = (merge,)


@admin.register(Track)
class TrackAdmin(admin.ModelAdmin[Track]):
    list_display = ("title", "artist", "album", "mbid", "isrc", "pk")
    list_select_related = ("artist",)
    actions = (merge,)
    search_fields = ("key",)
    autocomplete_fields = ("artist",)


class WordsAdmin(ReadOnlyAdmin):
    """Words that plays were told in, and what they are taken for."""

    actions = (split,)
    of: type[Artist | Track]

    def may_rule(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"graph.change_{self.of._meta.model_name}")  # noqa: SLF001  # Django documents it


@admin.register(Naming)
class NamingAdmin(WordsAdmin):
    of = Track
    list_display = ("title", "artist_name", "album", "mbid", "isrc", "uri", "track", "pk")
    list_select_related = ("track",)
    search_fields = ("title", "artist_name")


@admin.register(ArtistName)
class ArtistNameAdmin(WordsAdmin):
    of = Artist
    list_display = ("name", "mbid", "artist", "listed", "pk")
    list_select_related = ("artist",)
    search_fields = ("key",)


@admin.register(CatalogRuling)
class CatalogRulingAdmin(ReadOnlyAdmin):
    list_display = ("in_words", "of", "kind", "made_at", "undone_at")
    list_filter = ("of", "kind")
    actions = (undo,)

    @admin.display(description="says")
    def in_words(self, ruling: CatalogRuling) -> str:
        return ruling_said(ruling)


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin[Tag]):
    list_display = ("name", "kind")
    list_filter = ("kind",)
    search_fields = ("name",)


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "kind",
        "state",
        "share",
        "created_at",
        "activated_at",
        "ledger_position",
        "rejected_because",
        "damage",
    )
    list_filter = ("kind", "state")
    actions = (promote, shadow, canary, stop, roll_back)


@admin.register(ModelEvent)
class ModelEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "model", "was", "became", "called", "why")
    list_filter = ("became",)

    @admin.display(description="who")
    def called(self, event: ModelEvent) -> str:
        return who_were([event.who])[event.who]


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    list_display = ("key", "state", "step", "progress", "started_at", "ended_at", "error")
    list_filter = ("state",)
