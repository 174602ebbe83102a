"""What words are understood as for a viewer, and the plan that a playlist is kept with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.policies import friends_of
from accounts.presentation import Ref, node_shown
from discovery.models import PlaylistPlanKept
from discovery.plans.grammar import fields_read
from discovery.plans.names import Meant, names_known, plan_keys, plan_meant, text_keys
from discovery.plans.plan import PlaylistPlan, Refresh, plan_checked
from discovery.plans.understand import plan_understood, text_checked
from discovery.platform.errors import NotFound
from discovery.recommend.prompt import says_something
from discovery.recommend.serving import index_for
from graph.models import ItemKind, PlaylistEntry
from graph.words.sense import Phrase, sense_of


@dataclass(frozen=True)
class Understood:
    """A plan, its names as the viewer may mean them now."""

    plan: PlaylistPlan
    meant: Meant


def text_understood(viewer: User, text: str) -> Understood:
    """Raises InvalidInput, with what of the text is wrong (`understand`)."""
    checked = text_checked(text)
    known = replace(names_known(viewer, text_keys(checked)), says=_says())
    return Understood(*plan_meant(plan_understood(checked, known), known))


def _says() -> Callable[[str], bool]:
    """Whether the recommender that serves makes anything of a word."""
    index = index_for(ItemKind.TRACK).index
    if index is None:
        return lambda _word: False
    sense = sense_of(index)
    return lambda word: says_something(sense.known(Phrase(word)))


def plan_understood_again(viewer: User, plan: PlaylistPlan) -> Understood:
    """A plan that was told field by field, or kept. Raises InvalidInput and LimitExceeded."""
    checked = plan_checked(plan)
    return Understood(*plan_meant(checked, names_known(viewer, plan_keys(checked))))


def kept_get(viewer: User, playlist_id: int) -> PlaylistPlanKept:
    """The plan of the viewer's own playlist. Raises NotFound where it is another's, or has none."""
    kept: PlaylistPlanKept | None = (
        PlaylistPlanKept.objects.filter(user=viewer, playlist=playlist_id).select_related("playlist").first()
    )
    if kept is None or node_shown(viewer, Ref("Playlist", playlist_id)) is None:
        raise NotFound(_("There is no plan of this playlist."), field="playlistId")
    return kept


def kept_plan(kept: PlaylistPlanKept) -> PlaylistPlan:
    """What was asked for, with those of its friends who still are friends, by handle."""
    plan, _prose = fields_read(kept.grammar)
    friends = friends_of(kept.user).filter(pk__in=kept.companions.values("friend"))
    return replace(
        plan,
        friends=tuple(friends.order_by("username").values_list("username", flat=True)),
        refresh=Refresh(kept.refresh),
        title=kept.playlist.title,
    )


def kept_tracks(kept: PlaylistPlanKept) -> list[int]:
    """Keys of the playlist's tracks, in its order."""
    return list(
        PlaylistEntry.objects.filter(playlist=kept.playlist_id)
        .order_by("position", "pk")
        .values_list("track_id", flat=True)
    )
