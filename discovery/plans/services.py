"""Making a playlist of a plan, keeping the plan beside it, and making it anew by the clock.

What is kept is what was asked for, and the tracks; never whose plays had a part in it. Each time anew it is made of what is
permitted then, and where words may not count any more, the playlist stays as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import policies
from accounts.intake import Deliberation, deliberate
from accounts.models import PersonalizationLevel, User
from discovery.library.accounts import library_get
from discovery.library.playlists import playlist_send
from discovery.models import PlanCompanion, PlaylistPlanKept
from discovery.plans import lists
from discovery.plans.grammar import plan_written
from discovery.plans.making import Made, plan_made
from discovery.plans.plan import PlaylistPlan, Refresh
from discovery.plans.selectors import Understood, kept_get, kept_understood, plan_understood_again
from discovery.plans.understand import title_about
from discovery.platform import clock
from discovery.platform.errors import Conflict, EarshotError, InvalidInput
from graph.models import Playlist
from graph.services.playlists import playlist_create, playlist_fill

logger = logging.getLogger(__name__)

PACE = {Refresh.DAILY: timedelta(days=1), Refresh.WEEKLY: timedelta(weeks=1)}
AT_ONCE = 500  # plans that the clock asks for in one round


@dataclass(frozen=True)
class Refreshed:
    """What came of one round: whether the playlist was made anew, and whether a music server has it."""

    made: bool
    sent: bool = False


@transaction.atomic
def playlist_make(*, user: User, plan: PlaylistPlan) -> Playlist:
    """A playlist of what ``plan`` would choose now, with the plan beside it.

    Raises Conflict: PLAN_LEVEL where no word counts, PLAN_NOTHING_FITS; InvalidInput (PLAN_NOT_UNDERSTOOD) where nothing of it
    means anything; and what a plan and a new playlist raise.
    """
    act = deliberate(user)
    understood = plan_understood_again(user, plan)
    tracks = _tracks(user, understood)
    title = understood.plan.title or title_about(understood.plan) or _("A playlist of words")
    playlist = playlist_create(owner=user, title=title)
    playlist = playlist_fill(owner=user, playlist_id=playlist.pk, track_ids=tracks)
    _keep(act, playlist, understood)
    return playlist


@transaction.atomic
def refresh_set(
    *, user: User, playlist_id: int, refresh: Refresh, library_id: int | None = None
) -> PlaylistPlanKept:
    """How often the playlist is made anew, and to which music server it goes then. Raises NotFound."""
    act = deliberate(user)
    kept = kept_get(user, playlist_id)
    kept.refresh = refresh.value
    kept.library = None if library_id is None else library_get(user=user, library_id=library_id)
    kept.due_at = _due(refresh, act.about_when)
    with act.write():
        kept.save(update_fields=["refresh", "library", "due_at"])
    return kept


def plans_due(now: datetime | None = None) -> list[str]:
    """Keys of the plans whose time has come, the longest overdue first."""
    due = PlaylistPlanKept.objects.filter(due_at__lte=now or clock.now()).order_by("due_at", "pk")
    return [str(key) for key in due.values_list("pk", flat=True)[:AT_ONCE]]


def plan_refresh(*, plan_id: int) -> Refreshed:
    """Make the playlist anew where its time has come; a second call finds it done. Then hand it to its music server.

    Left as it is where its owner may not be asked for (an erasure, a private session), or lets no word count.
    """
    refreshed = _refresh(plan_id)
    if not refreshed.made:
        return refreshed
    kept = PlaylistPlanKept.objects.select_related("user").get(pk=plan_id)
    if kept.library_id is None:
        return refreshed
    try:
        playlist_send(user=kept.user, playlist_id=kept.playlist_id, library_id=kept.library_id)
    except EarshotError as error:
        # The server is away, or has nothing of it: the next round asks again.
        logger.warning("The playlist of plan %s did not reach its server: %s", plan_id, error.specific_code)
        return refreshed
    return replace(refreshed, sent=True)


@transaction.atomic
def _refresh(plan_id: int) -> Refreshed:
    owner = User.objects.filter(playlist_plans=plan_id).first()
    if owner is None:
        return Refreshed(made=False)
    act = deliberate(owner)
    now = clock.now()
    kept = PlaylistPlanKept.objects.select_for_update().filter(pk=plan_id, due_at__lte=now).first()
    if kept is None:  # somebody else was quicker, or it is not wanted any more
        return Refreshed(made=False)
    kept.due_at = _due(Refresh(kept.refresh), now)
    made = act.user.is_active and not policies.in_private_session(act.user) and _made_anew(act.user, kept)
    if made:
        kept.refreshed_at = act.moment
    with act.write():
        kept.save(update_fields=["due_at", "refreshed_at"])
    return Refreshed(made=made)


def _made_anew(user: User, kept: PlaylistPlanKept) -> bool:
    understood = kept_understood(kept)
    if kept.with_friends and not understood.meant.friends:
        return False  # it was asked for with them: without, it would be another one, of all friends' plays
    try:
        tracks = _tracks(user, understood)
    except (Conflict, InvalidInput):
        return False
    playlist_fill(owner=user, playlist_id=kept.playlist_id, track_ids=tracks)
    return True


def _tracks(user: User, understood: Understood) -> Sequence[int]:
    """What is chosen now. Raises Conflict where that is nothing."""
    if not understood.plan.says_something:
        raise InvalidInput(
            _("Nothing of this says what the playlist is to be."), field="plan", code="PLAN_NOT_UNDERSTOOD"
        )
    made: Made = plan_made(user, understood.plan, understood.meant).answer
    if made.feed.level == PersonalizationLevel.OFF:
        raise Conflict(
            _("At your level no word counts: raise it to have a playlist made of words."), code="PLAN_LEVEL"
        )
    if not made.items:
        raise Conflict(_("Nothing fits all that was asked for."), code="PLAN_NOTHING_FITS")
    return [planned.recommendation.item.pk for planned in made.items]


def _keep(act: Deliberation, playlist: Playlist, understood: Understood) -> None:
    plan = replace(understood.plan, friends=(), title="", unclear=(), refresh=Refresh.NEVER)
    with act.write():
        kept = PlaylistPlanKept.objects.create(
            playlist=playlist, user=act.user, grammar=plan_written(plan), version=lists.VERSION,
            with_friends=bool(understood.meant.friends),
            refresh=understood.plan.refresh.value, due_at=_due(understood.plan.refresh, act.about_when),
        )  # fmt: skip
        PlanCompanion.objects.bulk_create(
            PlanCompanion(plan=kept, friend_id=friend) for friend in dict.fromkeys(understood.meant.friends)
        )


def _due(refresh: Refresh, now: datetime) -> datetime | None:
    return None if refresh is Refresh.NEVER else now + PACE[refresh]
