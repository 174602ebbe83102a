"""The sample's listeners: what they allow, and who is friends with whom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.contrib.auth.hashers import make_password
from numpy.random import Generator

from accounts.models import (
    ConsentActor,
    ConsentState,
    Friendship,
    PersonalizationLevel,
    Purpose,
    User,
    pair,
)
from accounts.services.ledger import Change, ledger_record
from graph.sample.catalog import NICHES
from graph.sample.listening import Taste
from graph.sample.vocabulary import person_name

DEMO_LOGINS = ("ada", "ben")  # positions 0 and 1
DEMO_PASSWORD = "earshot-demo"  # noqa: S105  # printed by the demo, on purpose
CIRCLE = 6  # the first so many are all friends of one another: the demo logins and four more
FRIENDS_MEAN = 7

LISTENING = (Purpose.RECORD, Purpose.SELF, Purpose.CONTRIBUTE)
SOCIAL = (Purpose.SOCIAL_IN, Purpose.SOCIAL_OUT, Purpose.NAMED, Purpose.DISCOVERABLE)


@dataclass(frozen=True)
class Choice:
    """What some share of the people answered; the other purposes stay undefined."""

    share: float
    granted: tuple[Purpose, ...] = ()
    denied: tuple[Purpose, ...] = ()
    level: PersonalizationLevel = PersonalizationLevel.OFF


def _social_without(purpose: Purpose, share: float) -> Choice:
    granted = tuple(allowed for allowed in LISTENING + SOCIAL if allowed is not purpose)
    return Choice(share, granted, (purpose,), PersonalizationLevel.SOCIAL)


OPEN = Choice(0.55, LISTENING + SOCIAL, (), PersonalizationLevel.SOCIAL)
NEVER_ANSWERED = Choice(0.07)
CHOICES = (
    OPEN,
    _social_without(Purpose.NAMED, 0.12),
    _social_without(Purpose.DISCOVERABLE, 0.10),
    Choice(0.08, LISTENING, (Purpose.SOCIAL_IN, Purpose.SOCIAL_OUT), PersonalizationLevel.OWN),
    Choice(
        0.08,
        (Purpose.RECORD, Purpose.SELF),
        (Purpose.CONTRIBUTE, Purpose.SOCIAL_OUT),
        PersonalizationLevel.OWN,
    ),
    NEVER_ANSWERED,
)


def choices_draw(rng: Generator, count: int) -> list[Choice]:
    """One a person; the circle around the demo logins is open."""
    drawn = rng.choice(len(CHOICES), size=count, p=[choice.share for choice in CHOICES])
    return [OPEN if person < CIRCLE else CHOICES[row] for person, row in enumerate(drawn)]


def listeners_create(*, rng: Generator, choices: Sequence[Choice]) -> list[User]:
    """Store the people. Only the demo logins have a password."""
    people = []
    for person, choice in enumerate(choices):
        name = person_name(rng)
        demo = DEMO_LOGINS[person] if person < len(DEMO_LOGINS) else None
        people.append(
            User(
                username=demo or f"{name.lower()}{person}",
                display_name=demo.title() if demo else name,
                external_id=f"sample-listener-{person}",
                password=make_password(DEMO_PASSWORD if demo else None),
                level=choice.level,
            )
        )
    return User.objects.bulk_create(people)


def choices_record(*, people: Sequence[User], choices: Sequence[Choice]) -> None:
    """Write everybody's answers through the ledger. A no to what was never granted is DENIED there."""
    answers = [
        Change(user, purpose, state)
        for user, choice in zip(people, choices, strict=True)
        for purposes, state in (
            (choice.granted, ConsentState.GRANTED),
            (choice.denied, ConsentState.WITHDRAWN),
        )
        for purpose in purposes
    ]
    ledger_record(changes=answers, actor=ConsentActor.IMPORT, channel="sample")


def friendships_create(
    *, rng: Generator, people: Sequence[User], tastes: Sequence[Taste], now: datetime
) -> int:
    """Store friendships, most of them between people of like taste. ``tastes`` in the order of ``people``."""
    pairs = {(person, friend) for person in range(min(CIRCLE, len(people))) for friend in range(person)} | {
        tuple(sorted(ends, reverse=True)) for ends in _friends_drawn(rng, tastes)
    }
    rows = [
        Friendship(
            **pair(people[person], people[friend]),
            requested_by=people[person],
            state=Friendship.State.ACCEPTED,
            requested_at=now,
            accepted_at=now - timedelta(days=float(rng.uniform(90, 900))),
        )
        for person, friend in sorted(pairs)
    ]
    Friendship.objects.bulk_create(rows, batch_size=5000)
    return len(rows)


def _friends_drawn(rng: Generator, tastes: Sequence[Taste]) -> Iterator[tuple[int, int]]:
    """Pairs of positions. The demo logins keep to their circle, so that the demo shows what one friend adds."""
    home = np.array([taste.home for taste in tastes])
    second = np.array([taste.second for taste in tastes])
    first = len(DEMO_LOGINS)
    for person in range(first, home.size):
        near = (home == home[person]) * 60.0 + (home // NICHES == home[person] // NICHES) * 6
        near += (second == home[person]) * 6.0 + 1
        near[person] = near[:first] = 0
        wanted = min(int(rng.poisson(FRIENDS_MEAN / 2)), int(np.count_nonzero(near)))
        for other in rng.choice(home.size, size=wanted, replace=False, p=near / near.sum()):
            yield person, int(other)
