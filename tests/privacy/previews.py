"""The state machine's previews: what one signal is worth, told before it is taken out."""

from django.db import transaction
from hypothesis.stateful import rule

from accounts.models import Purpose
from accounts.services.consent import consent_set
from discovery.privacy.preview import preview_removal
from discovery.recommend import feed
from graph.models import ItemKind
from graph.services.exclusions import taste_exclusion_set
from tests.privacy.served import served
from tests.privacy.together import NAMES, name_, track_


class Previews:
    """Rules for a machine with ``oracle``, ``tracks``, ``user`` and ``both``."""

    @rule(name=name_, track=track_)
    def preview_without_a_track(self, name, track):
        """Of friends without a name it is not told how many of them play it."""
        if name in self.oracle.people:
            item, sources = self.tracks[track], self.oracle.sources(name)
            told = {
                who
                for who, played in self.oracle.evidence(name)
                if played == item.pk and (not who or sources[who]) and self.oracle.evidence(name)[who, played]
            }
            view = self._preview(name, item)
            assert view.signals == len(told), (
                "2, 12: it counts what may be told, and nothing that is excluded"
            )
            self._comes_true(
                name, view, lambda user: taste_exclusion_set(user=user, thing=item, excluded=True)
            )

    @rule(name=name_)
    def preview_without_each_friend(self, name):
        for other in NAMES:
            if self.both(name, other):
                self._preview_without_a_friend(name, other)

    def _preview_without_a_friend(self, name, other):
        view = self._preview(name, self.user(other))
        if other not in self.oracle.told_of(name):
            assert (view.signals, view.after) == (0, view.before), "1, 2: nothing of who may not be told of"
            served.seen["a preview tells nothing"] += 1
            return
        heard = self.oracle.heard_of(name, other)
        assert view.signals == sum(times > 0 for times in heard.values())
        friend = self.user(other)
        self._comes_true(
            name,
            view,
            lambda user: consent_set(user=user, purpose=Purpose.SOCIAL_IN, granted=False, friend=friend),
        )
        served.seen["a preview tells"] += 1

    def _preview(self, name, thing):
        view = preview_removal(self.user(name), thing, ItemKind.TRACK, count=20).answer
        assert [item.pk for item in view.before] == self._proposed(name)
        return view

    def _comes_true(self, name, view, take_out):
        with transaction.atomic():
            take_out(self.user(name))
            after = self._proposed(name)
            transaction.set_rollback(True)
        assert [item.pk for item in view.after] == after, "a preview is what then happens"

    def _proposed(self, name):
        return [shown.item.pk for shown in feed.for_you(self.user(name), ItemKind.TRACK).answer.items]
