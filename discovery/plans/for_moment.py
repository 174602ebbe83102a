"""A playlist for a moment that is about to begin: what fits its label and part of the day, as long as it lasts."""

from __future__ import annotations

from accounts.models import Purpose, User
from discovery.models import Moment, MomentLabel
from discovery.moments import ready
from discovery.plans.plan import LONGEST, SHORTEST, Mood, Named, PlaylistPlan
from discovery.plans.services import playlist_make
from discovery.recommend.occasion import day_part, words_of
from discovery.recommend.wording import moment_named
from graph.models import Playlist


def connect() -> None:
    """Have playlists made for moments; called once, when the project is ready."""
    ready.connect(playlist_for)


def playlist_for(owner: User, moment: Moment) -> Playlist:
    """Raises as `playlist_make`."""
    return playlist_make(user=owner, plan=plan_for(moment))


def plan_for(moment: Moment) -> PlaylistPlan:
    """What a moment asks for: the words that enter every answer while it runs, and how long it lasts."""
    label, part = MomentLabel(moment.label), day_part(moment.starts_at)
    words = words_of(label, part, Purpose(moment.purpose))
    first = words[0].axis
    return PlaylistPlan(
        words=tuple(Named(word.text, word.amount) for word in words),
        mood=None if first is None else Mood(*first),
        length=min(max(int((moment.ends_at - moment.starts_at).total_seconds()), SHORTEST), LONGEST),
        title=moment_named(label, part),
    )
