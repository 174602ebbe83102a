"""Weeks of listening at one station, as `discovery.lab.habits` assumes them: who comes, what they hear, whether they stay.

Everybody has the same days and the same luck at every station. Everything follows from a seed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from discovery.lab.habits import LAST, Habits
from discovery.lab.listener_model import LONGEST, Listener, ListenerModel
from discovery.lab.simulate import Model, Session, Station, step, taught_by
from discovery.radio.choose import LATEST, SEED_AMOUNT
from discovery.radio.sources import entries, only
from graph.arrays import Doubles, Mask, Rows
from graph.serving.channels import Channel, Evidence

SESSIONS_TAUGHT = LATEST // 8  # the latest of them, which are about as many choices as are learned from
NEXT_DAY = 10_007  # between the seeds of two days


@dataclass(frozen=True, eq=False)
class Trace:
    """What was played to each listener on each day [L, D]; 0 items where they did not come."""

    items: Doubles
    heard: Doubles
    kept_luck: Doubles  # [L, D, LONGEST] uniform: whether an item that is heard out is kept, in its order


@dataclass(eq=False)
class _Member:
    listener: Listener
    satisfaction: float
    heard: list[int] = field(default_factory=list)  # rows, the latest last
    skipped: dict[int, int] = field(default_factory=dict)  # row to the day it was last skipped

    def known(self, day: int, spared: int) -> Rows:
        """What is not offered today."""
        recent = [row for row, when in self.skipped.items() if day - when <= spared]
        return np.concatenate([self.listener.known, np.array([*self.heard, *recent], dtype=np.int64)])

    def lasting(self) -> Evidence:
        """What the radio may know: what it knew, and what was heard out here."""
        before = self.listener.lasting
        rows, counts = (
            [*before.key_row.tolist(), *self.heard],
            [*before.amount.tolist(), *[1.0] * len(self.heard)],
        )
        channels = [*before.channel.tolist(), *[Channel.OWN] * len(self.heard)]
        return entries(rows, counts, [Channel(channel) for channel in channels])


def weeks(
    model: Model, listener_model: ListenerModel, station: Station, habits: Habits, seed: int, *, luck: int = 0
) -> Trace:
    """Play ``station`` to everybody for ``LAST`` days. ``luck``: another one for what the station draws."""
    members = [_Member(listener, habits.neutral) for listener in listener_model.listeners]
    chance = np.random.default_rng([seed, 5])
    comes = chance.random((len(members), LAST))
    items, heard = np.zeros((2, len(members), LAST))
    taught: list[Session] = []
    for day in range(LAST):
        posterior = taught_by(taught)
        here = [
            number for number, member in enumerate(members)
            if comes[number, day] < habits.comes_on(member.satisfaction)
        ]  # fmt: skip
        today = seed + NEXT_DAY * (day + 1)
        for number in here:
            session = _session(model, listener_model, members[number], habits, day, today)
            while step(model, station, session, posterior, None, today + luck):
                if not listener_model.stays(session.ears, session.heard):
                    break
            items[number, day], heard[number, day] = len(session.rows), sum(session.heard)
            _remember(members[number], session, habits, day)
            if station.learns:
                taught.append(session)
        taught = taught[-SESSIONS_TAUGHT:]
    return Trace(items, heard, chance.random((len(members), LAST, LONGEST)))


@dataclass(frozen=True, eq=False)
class Engagement:
    """One station's measures as sums by listener: each is Σ of the first over Σ of the second, both [L]."""

    session_length: tuple[Doubles, Doubles]
    plays_a_day: tuple[Doubles, Doubles]
    playlists: tuple[Doubles, Doubles]
    churn: tuple[Doubles, Doubles]


def engagement(trace: Trace, habits: Habits) -> Engagement:
    """The measures that `discovery.lab.habits` defines."""
    came = trace.items > 0
    left, stays = _staying(trace, came, habits)
    kept = (trace.kept_luck < habits.keeps) & (np.arange(LONGEST) < trace.heard[:, :, None])
    lists = np.floor(kept.sum(axis=2).cumsum(axis=1) / habits.playlist)
    made = np.diff(lists, axis=1, prepend=0)
    one = np.ones(len(came))
    return Engagement(
        session_length=((stays * trace.items).sum(axis=1), (stays * came).sum(axis=1)),
        plays_a_day=((stays * trace.heard).sum(axis=1), stays.sum(axis=1)),
        playlists=((stays * made).sum(axis=1), one),
        churn=(left, one),
    )


def _staying(trace: Trace, came: Mask, habits: Habits) -> tuple[Doubles, Doubles]:
    """The chance of each listener to have left by the end [L], and to be still there on each day [L, D]."""
    satisfaction = np.full(len(came), habits.neutral)
    stays, here = np.empty(came.shape), np.ones(len(came))
    for day in range(LAST):
        stays[:, day] = here
        for number in np.flatnonzero(came[:, day]):
            share = trace.heard[number, day] / trace.items[number, day]
            satisfaction[number] = habits.after(float(satisfaction[number]), float(share))
        here = here * (1 - np.array([habits.leaves_on(float(level)) for level in satisfaction]))
    return 1 - here, stays


def _session(
    model: Model, listener_model: ListenerModel, member: _Member, habits: Habits, day: int, today: int
) -> Session:
    ears = listener_model.ears(member.listener, today)
    lasting = member.lasting()
    friend = lasting.channel == Channel.FRIEND
    own, friends = (
        model.index.scores(part) - model.index.prior if len(part) else None
        for part in (only(lasting, ~friend), only(lasting, friend))
    )
    seeded = None if ears.seed is None else np.float32(SEED_AMOUNT) * model.lifts[ears.seed]
    known = replace(member.listener, known=member.known(day, habits.spared), lasting=lasting)
    return Session(known, ears, own, friends, seeded)


def _remember(member: _Member, session: Session, habits: Habits, day: int) -> None:
    if not session.rows:
        return
    for row, heard in zip(session.rows, session.heard, strict=True):
        if heard:
            member.heard.append(row)
        else:
            member.skipped[row] = day
    member.satisfaction = habits.after(member.satisfaction, sum(session.heard) / len(session.rows))
