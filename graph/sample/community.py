"""A made-up community to try Earshot on: seeded, idempotent, with tastes that can be learned."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from django.db import transaction
from numpy.random import Generator

from accounts.intake import deliberate
from accounts.models import Purpose, User
from discovery.platform.errors import Conflict, InvalidInput
from graph.models import PlaylistEntry
from graph.sample.catalog import Catalog, catalog_create
from graph.sample.listening import (
    Plays,
    Taste,
    feedback_create,
    listens_create,
    plays_draw,
    signature,
    taste_draw,
)
from graph.sample.people import (
    CIRCLE,
    DEMO_LOGINS,
    Choice,
    choices_draw,
    choices_record,
    friendships_create,
    listeners_create,
)
from graph.services.playlists import playlist_create
from graph.services.tags import tags_refresh

SMALLEST = 20  # listeners


@dataclass(frozen=True)
class SampleReport:
    """What was stored; all zero where the community stood already."""

    listeners: int = 0
    friendships: int = 0
    artists: int = 0
    tracks: int = 0
    listens: int = 0
    feedback: int = 0


def sample_community_create(
    *, listeners: int = 300, seed: int = 7, now: datetime, tell: Callable[[str], None] = lambda _: None
) -> SampleReport:
    """Store the community with ``DAYS`` of plays that end at ``now``; where one stands, store nothing.

    Raises InvalidInput for fewer than ``SMALLEST`` listeners, and Conflict where a demo login's handle
    belongs to somebody else.
    """
    if listeners < SMALLEST:
        raise InvalidInput(f"A community has at least {SMALLEST} listeners", field="listeners")
    with transaction.atomic():
        if User.objects.filter(external_id="sample-listener-0").exists():
            return SampleReport()
        if taken := User.objects.filter(username__in=DEMO_LOGINS).first():
            raise Conflict(f"The handle {taken.username} belongs to somebody else")
        return _create(np.random.default_rng(seed), listeners, now, tell)


def _create(rng: Generator, count: int, now: datetime, tell: Callable[[str], None]) -> SampleReport:
    tell("artists and tracks")
    catalog = catalog_create(rng=rng)
    tell("listeners and their choices")
    choices = choices_draw(rng, count)
    people = listeners_create(rng=rng, choices=choices)
    choices_record(people=people, choices=choices)
    tell("friendships")
    tastes = _tastes(rng, catalog, count)
    friendships = friendships_create(rng=rng, people=people, tastes=tastes, now=now)
    tell("plays and feedback")
    plays = _plays(rng, catalog, tastes, choices)
    user_ids = [user.pk for user in people]
    listens = listens_create(rng=rng, catalog=catalog, user_ids=user_ids, tastes=tastes, plays=plays, now=now)
    feedback = feedback_create(rng=rng, catalog=catalog, user_ids=user_ids, plays=plays, now=now)
    _playlist_create(people[0], catalog, plays[0])
    tags_refresh()
    return SampleReport(
        listeners=count,
        friendships=friendships,
        artists=catalog.artist_ids.size,
        tracks=catalog.track_ids.size,
        listens=listens,
        feedback=feedback,
    )


def _tastes(rng: Generator, catalog: Catalog, count: int) -> list[Taste]:
    """One a person; the circle is at home in the same niche."""
    tastes = [taste_draw(rng, catalog) for _ in range(count)]
    return [
        replace(taste, home=tastes[0].home) if row < CIRCLE else taste for row, taste in enumerate(tastes)
    ]


def _plays(rng: Generator, catalog: Catalog, tastes: list[Taste], choices: list[Choice]) -> dict[int, Plays]:
    """By position, for those who let their plays be recorded.

    In the circle, the second demo login alone plays some tracks that the first would like.
    """
    plays = {
        person: plays_draw(rng, tastes[person], catalog)
        for person, choice in enumerate(choices)
        if Purpose.RECORD in choice.granted
    }
    own = signature(tastes[1], catalog, known=plays[0])
    for person in range(CIRCLE):
        plays[person] = {track: times for track, times in plays[person].items() if track not in own}
    plays[1] |= own
    return plays


def _playlist_create(owner: User, catalog: Catalog, plays: Plays) -> None:
    act = deliberate(owner)
    playlist = playlist_create(owner=owner, title="Morning walk", description="Slow ones first.")
    favorites = sorted(plays, key=lambda track: -plays[track])[:8]
    with act.write():
        PlaylistEntry.objects.bulk_create(
            PlaylistEntry(
                playlist=playlist, track_id=int(catalog.track_ids[track]), position=position,
                added_by=owner, added_at=act.moment,
            )
            for position, track in enumerate(favorites)
        )  # fmt: skip
