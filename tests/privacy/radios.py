"""The state machine's radios: what they start from, by whose plays they choose, and whom they name."""

from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import rule

from discovery.platform.errors import NotFound
from discovery.radio import store
from discovery.radio.services import radio_advance, radio_get, radio_start
from discovery.radio.session import Outcome, SeedKind, public_id
from graph.models import ItemKind
from tests.privacy.served import served
from tests.privacy.together import name_, track_

SEEDS = [SeedKind.NOTHING, SeedKind.FRIEND, SeedKind.FRIEND, SeedKind.TRACK]


@dataclass(frozen=True)
class Running:
    """A radio as its listener knows it."""

    id: str
    version: int
    item: int | None
    chosen_by: frozenset[str]  # who was permitted when it was chosen; "" is the listener
    private: str  # the private session in which that was, by its beginning


class Radios:
    """Rules for a machine with ``radios``, ``oracle``, ``tracks``, ``user`` and ``says_what_it_may``: one a person."""

    @rule(name=name_, other=name_, seed=st.sampled_from(SEEDS), track=track_)
    def start_radio(self, name, other, seed, track):
        if not {name, other} <= self.oracle.people.keys() or (seed is SeedKind.FRIEND and name == other):
            return
        about = {SeedKind.FRIEND: self.oracle.people[other].user.pk, SeedKind.TRACK: self.tracks[track].pk}
        allowed = seed is not SeedKind.FRIEND or other in self.oracle.told_of(name)
        try:
            playing = radio_start(
                viewer=self.user(name), seed_kind=seed, seed_id=about.get(seed, 0), kind=ItemKind.TRACK
            )
        except NotFound:
            assert not allowed, "of a friend who may be told of there is a radio"
            return
        assert allowed, "1, 2: a radio of a friend takes one who shares, by name"
        self._keep(name, playing)

    @rule(name=name_, outcome=st.sampled_from(Outcome))
    def radio_goes_on(self, name, outcome):
        if name in self.radios:
            self._keep(
                name,
                radio_advance(viewer=self.user(name), radio_id=self.radios[name].id, outcome=outcome),
            )

    @rule(name=name_)
    def radio_obeyed(self, name):
        """3: what plays ends when one of those whose plays were permitted as it was chosen is so no more."""
        if name not in self.radios:
            return
        before = self.radios[name]
        playing = radio_get(viewer=self.user(name), radio_id=before.id)
        after = playing.radio
        if before.private and before.private != self._session(name):
            assert after.now is None and not after.heard, "11: of a private session a radio keeps nothing"  # noqa: PT018
            served.seen["a radio forgets"] += 1
            self._looks_right_on_the_radio(name, playing)
            return
        stands = before.item is None or before.chosen_by <= self._permitted(name)
        assert (after.version == before.version) == stands, "3: what plays ends, and nothing else"
        if stands:
            assert (after.now and after.now.item_id) == before.item
            self._looks_right_on_the_radio(name, playing)
        else:
            self._keep(name, playing)
        if before.item is not None:
            served.seen["a radio's item " + ("plays on" if stands else "ends")] += 1

    def radio_gone(self, name, key):
        """19: Redis knows of none either."""
        self.radios.pop(name, None)
        assert not store.client().exists(f"earshot:radios:{key}"), "19: no radio is left"

    def _keep(self, name, playing):
        radio = playing.radio
        self.radios[name] = Running(
            public_id(radio), radio.version, radio.now.item_id if radio.now else None, self._permitted(name),
            self._session(name),
        )  # fmt: skip
        assert radio.private == self._session(name)
        self._looks_right_on_the_radio(name, playing)

    def _looks_right_on_the_radio(self, name, playing):
        for shown in playing.queue.answer.items:
            self.says_what_it_may(name, shown)

    def _permitted(self, name):
        own = {""} if self.oracle.own(name) else set()
        return frozenset(own | self.oracle.sources(name).keys())

    def _session(self, name):
        user = self.user(name)
        return user.private_from.isoformat() if self.oracle.people[name].private else ""
