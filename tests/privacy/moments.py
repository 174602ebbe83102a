"""What devices tell in the state machine, and that nothing of it outlives the permission or is heard below its level."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from accounts.models import PersonalizationLevel, Purpose
from accounts.services.consent import consent_set
from discovery.models import Moment, MomentLabel, OccasionPurpose
from discovery.moments.services import Told, moments_set
from discovery.platform import clock
from discovery.platform.errors import Refusal
from discovery.recommend.occasion import gather_now
from graph.models import ItemKind
from tests.privacy.served import served
from tests.privacy.together import name_

purpose_ = st.sampled_from(list(OccasionPurpose))


class Moments:
    """Rules for a machine with ``oracle`` and ``user``."""

    @rule(name=name_, purpose=purpose_, granted=st.sampled_from([True, True, True, False]))
    def answer_about_moments(self, name, purpose, granted):
        if person := self.oracle.people.get(name):
            consent_set(user=self.user(name), purpose=Purpose(purpose), granted=granted)
            (person.granted.add if granted else person.granted.discard)(Purpose(purpose))
            person.spoke = True

    @rule(name=name_, purpose=purpose_, label=st.sampled_from(MomentLabel))
    def tell_a_moment(self, name, purpose, label):
        """Of now, and it lasts longer than the example."""
        if person := self.oracle.people.get(name):
            now = clock.now().replace(second=0, microsecond=0)
            begun = now - timedelta(minutes=now.minute % 5)
            try:
                moments_set(user=self.user(name), purpose=purpose, told=[Told(label, begun, 240)])
                told = True
            except Refusal:
                told = False
            assert told == (Purpose(purpose) in person.granted and not person.private), "told with permission"
            if told:
                served.seen["a moment is told"] += 1

    @invariant()
    def moments_rest_on_what_is_granted(self):
        rows = list(Moment.objects.values_list("user_id", "purpose"))
        keys = {person.user.pk: person for person in self.oracle.people.values()}
        assert all(Purpose(purpose) in keys[user].granted for user, purpose in rows), (
            "16: with the permission goes what was told"
        )
        telling = {user for user, _purpose in rows}
        for name, person in self.oracle.people.items():
            heard = bool(telling and gather_now(self.user(name), ItemKind.TRACK).words)
            level = person.level == PersonalizationLevel.CONTEXT and Purpose.SELF in person.granted
            assert heard == (person.user.pk in telling and level and not person.private), (
                "8: at CONTEXT alone"
            )
            if heard:
                served.seen["a moment is heard"] += 1
