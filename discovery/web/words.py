"""What people are asked, in plain words. The API knows these by name; a page says what they change."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import PersonalizationLevel, Purpose
from accounts.policies import SMALLEST_AGGREGATE


@dataclass(frozen=True)
class Level:
    """One stop of the slider; ``short`` fits under it on a phone."""

    level: PersonalizationLevel
    short: Promise
    name: Promise
    words: Promise


@dataclass(frozen=True)
class Question:
    """One switch: what is asked, and what follows from yes and from no."""

    purpose: Purpose
    title: Promise
    granted: Promise
    refused: Promise


@dataclass(frozen=True)
class Group:
    title: Promise
    questions: Sequence[Question]


LEVELS = (
    Level(
        PersonalizationLevel.OFF, _("Off"), _("Off"),
        _("The most popular music here, the same for everyone. Nothing about you is used."),
    ),
    Level(
        PersonalizationLevel.BASIC, _("Session"), _("This session"),
        _("Only what you pick or ask for in this session, such as a radio's start; lists show what is popular."),
    ),
    Level(
        PersonalizationLevel.OWN, _("My plays"), _("My plays"),
        _("What you played, liked and skipped."),
    ),
    Level(
        PersonalizationLevel.SOCIAL, _("Friends"), _("My plays and my friends"),
        _("Also what friends play who agreed to share it with you."),
    ),
    Level(
        PersonalizationLevel.CONTEXT, _("Moment"), _("Also the moment"),
        _("Also the moment that your device told, while it runs: a run, dinner, work."),
    ),
)  # fmt: skip

# Not among the first questions: they mean something once a device has something to tell.
MOMENT = Group(_("The moment"), (
    Question(
        Purpose.CALENDAR, _("My calendar tells the moment"),
        _("Your browser may read a calendar that you hand it and send a word of a short list, when it begins and how long it lasts. The calendar stays on the device, and after 90 days you are asked again."),
        _("No calendar tells a moment, and what one told is deleted."),
    ),
    Question(
        Purpose.LOCATION, _("Where I am tells the moment"),
        _("Your browser may compare where you are with places that you named in it and send a word of a short list. Places and position stay on the device, and after 90 days you are asked again."),
        _("No place tells a moment, and what one told is deleted."),
    ),
))  # fmt: skip

GROUPS = (
    Group(_("Your listening"), (
        Question(
            Purpose.RECORD, _("Keep what I play"),
            _("What you play is stored: what, when, for how long and from which app."),
            _("New plays are refused before anything is stored. What is stored already stays until you delete it."),
        ),
        Question(
            Purpose.SELF, _("My plays shape what I see"),
            _("Your plays, likes and skips are added up when you ask for music. Nothing of that sum is kept."),
            _("You get what is popular and what fits this session."),
        ),
        Question(
            Purpose.CONTRIBUTE, _("My plays teach the recommender"),
            format_lazy(
                _("The recommender learns from your plays, and they count in sums of at least {k} people."),
                k=SMALLEST_AGGREGATE,
            ),
            _("The next training leaves your plays out, and its model replaces the old one within a day."),
        ),
    )),
    Group(_("You and your friends"), (
        Question(
            Purpose.SOCIAL_IN, _("Friends shape what I see"),
            _("Plays of friends who agreed to it may bring you music."),
            _("No friend has any part in what you see."),
        ),
        Question(
            Purpose.SOCIAL_OUT, _("My plays shape what friends see"),
            _("Your plays may bring music to your friends. You can decide differently for single friends."),
            _("No friend is shown anything because you play it, from their next request on; what you allowed single friends ends with it."),
        ),
        Question(
            Purpose.NAMED, _("Friends may see my name with it"),
            _("Your name may stand in a friend's reasons and activity. You can decide friend by friend."),
            _("Your name stands in no friend's reasons or activity, and friends without a name stand in a reason only from three on."),
        ),
        Question(
            Purpose.DISCOVERABLE, _("People can find me"),
            _("You appear in suggestions and among people who listen alike, and friends may know each other through you."),
            _("Of all listeners, only your friends, people with an open request between you, and a guardian see your name."),
        ),
    )),
    MOMENT,
    Group(_("This installation"), (
        Question(
            Purpose.EXPERIMENT, _("Measurements and experiments"),
            _(
                "Radios write down what they chose for you and what came of it, and learn from it. Two settings, or a new model and the one before, may be compared in what you are shown. Once a week it is measured how you and others listen, all together."
            ),
            _("Radios write down nothing of what they chose for you, nothing is compared, and you are not measured."),
        ),
        Question(
            Purpose.FEEDBACK, _("Private sums from my devices"),
            format_lazy(
                _("Once a day a device on which music is ranked may answer two questions, such as whether more than half was skipped. Chance changes the answers before they are sent, and they are read in sums of at least {k} alone."),
                k=SMALLEST_AGGREGATE,
            ),
            _("Your devices send nothing of that kind."),
        ),
        Question(
            Purpose.THIRD_PARTY, _("My plays may enter sums that leave"),
            format_lazy(
                _("Vectors of music and sums of at least {k} people may go to other installations. No play, no name and no friend of yours is in them."),
                k=SMALLEST_AGGREGATE,
            ),
            _("Nothing that goes to other installations is made with your plays."),
        ),
    )),
)  # fmt: skip

FIRST_GROUPS = tuple(group for group in GROUPS if group is not MOMENT)
