"""What people see in the state machine: what enters, what is proposed to them and why, and who else is there."""

from django.db import transaction
from hypothesis.stateful import rule

from accounts import policies
from accounts.models import User
from accounts.services.audit import ledger_verify
from discovery.radio.services import radio_get
from discovery.recommend import feed
from discovery.recommend.evidence import gather
from discovery.recommend.explain import ReasonKind
from graph.models import ItemKind, Listen
from tests.privacy.served import served
from tests.privacy.together import NAMES, name_


class Looks:
    """Rules for a machine with ``oracle``, ``radios``, ``user``, ``both`` and ``radio_obeyed``."""

    @rule(name=name_)
    def read(self, name):
        if name not in self.oracle.people:
            return
        viewer = self.user(name)
        self._gathers_what_is_permitted(name, viewer)
        self._looks_right(name, viewer)

    def _gathers_what_is_permitted(self, name, viewer):
        names = {somebody.user.pk: other for other, somebody in self.oracle.people.items()}
        evidence = gather(viewer, ItemKind.TRACK)
        rows = zip(evidence.friend.tolist(), evidence.key_id.tolist(), evidence.amount.tolist(), strict=True)
        entering = {(names[friend] if friend else "", item): amount for friend, item, amount in rows}
        expected = {key: times for key, times in self.oracle.evidence(name).items() if times}
        served.seen.update(self.oracle.situations(name))
        assert entering == expected, "1, 3, 6, 8, 10, 12: exactly what is permitted enters"

    def _looks_right(self, name, viewer):
        person = self.oracle.people[name]
        for answer in (
            feed.for_you(viewer, ItemKind.TRACK).answer,
            feed.from_friends(viewer, ItemKind.TRACK).answer,
        ):
            for shown in answer.items:
                known = {*person.counted, *person.excluded} if self.oracle.own(name) else set()
                assert shown.item.pk not in known, "what is known or excluded is not proposed"
                total = sum(reason.cited.contribution for reason in shown.reasons) + shown.remainder
                assert abs(total - shown.score) < 1e-4
                self.says_what_it_may(name, shown)

    def says_what_it_may(self, name, shown):
        """Of one thing that is recommended to ``name``: whom its reasons cite."""
        sources = self.oracle.sources(name)
        allowed = {other for other, named in sources.items() if named}
        for reason in shown.reasons:
            cited = {node.username for node in reason.evidence if isinstance(node, User)}
            assert cited <= allowed & self.oracle.visible(name), "2, 20: named only where that is allowed"
            told = {other for other in NAMES if other in reason.text.lower()}
            assert told <= allowed, "2: nor in words"
            if reason.cited.kind is ReasonKind.FRIEND and not cited:
                assert len(sources) - len(allowed) >= 3, "a count below three tells who"

    @rule(name=name_)
    def look_around(self, name):
        if name in self.oracle.people:
            seen = set(policies.listeners_visible_to(self.user(name)).values_list("username", flat=True))
            assert seen == self.oracle.visible(name), "9: blocked and hidden are out of sight"

    @rule(name=name_, other=name_)
    def read_with_and_without_anothers_plays(self, name, other):
        """Of a friend without a name, what fewer than three such friends play is not shared."""
        if self.both(name, other):
            self.radio_obeyed(name)  # what plays would else end between the two answers
            with_plays, heard = self._answer(name), self.oracle.heard_of(name, other)
            with transaction.atomic():
                Listen.objects.filter(user=self.oracle.people[other].user).exclude(track__in=heard).delete()
                without = self._answer(name)
                transaction.set_rollback(True)
            assert with_plays == without, "1: no answer depends on plays that are not shared"

    def _answer(self, name):
        shown = feed.for_you(self.user(name), ItemKind.TRACK).answer.items
        if name in self.radios:
            shown = [
                *shown,
                *radio_get(viewer=self.user(name), radio_id=self.radios[name].id).queue.answer.items,
            ]
        return [
            (explanation.item.pk, explanation.score, [reason.text for reason in explanation.reasons])
            for explanation in shown
        ]

    @rule()
    def read_at_off(self):
        answers = [
            [
                (explanation.item.pk, explanation.score)
                for explanation in feed.for_you(self.user(name), ItemKind.TRACK, level=0).answer.items
            ]
            for name in self.oracle.people
        ]
        assert all(answer == answers[0] for answer in answers), "8: OFF is the same for everyone"

    @rule()
    def audit(self):
        assert list(ledger_verify()) == [], "4, 5: the chain holds, and the projection is its fold"
