"""How much that nobody here named so far an app may bring to the catalog in an hour, by plays and by likes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import cached_property

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from discovery.platform.errors import LimitExceeded
from discovery.platform.names import digest, name_key
from graph.ingest.clean import Words
from graph.ingest.credits import Credited
from graph.models import Artist, ArtistName, Feedback

WINDOW = timedelta(hours=1)


def quota_exceeded() -> LimitExceeded:
    message = _("That is more music that nobody here played before than an app may bring in an hour.")
    return LimitExceeded(message, field="track", code="CATALOG_QUOTA")


class Quota:
    """What is left to one person, within one call."""

    def __init__(self, user: User) -> None:
        self.user = user

    def within(self, words: Mapping[str, Words]) -> dict[str, Words]:
        """Those that the person may still bring: of artists whom nobody named so far, only so many."""
        fresh = _fresh({artist for told in words.values() for artist in told.credit})
        if not fresh:
            return dict(words)
        kept = {}
        for key, told in words.items():
            new = fresh.intersection(told.credit)
            if len(new) <= self.left:
                self.left -= len(new)
                fresh -= new
                kept[key] = told
        return kept

    @cached_property
    def left(self) -> int:
        since = timezone.now() - WINDOW
        played = ArtistName.objects.filter(
            named_at__gte=since,
            credited__naming__listens__user=self.user,
            credited__naming__listens__history=None,
        )
        # What is liked before it is played leaves no name behind.
        liked = Feedback.objects.filter(user=self.user, given_at__gte=since, track__isnull=False).values(
            "track"
        )
        unnamed = Artist.objects.filter(Q(tracks__in=liked) | Q(guest_on__track__in=liked), names=None)
        brought = unnamed.exclude(identity=None)
        most: int = settings.NEW_ARTISTS_AN_HOUR
        return most - played.distinct().count() - brought.distinct().count()


def _fresh(credited: Collection[Credited]) -> set[Credited]:
    """Those of these whom the catalog does not have."""
    digests = {digest(artist.name, artist.mbid): artist for artist in credited}
    known = ArtistName.objects.filter(digest__in=digests).values_list("digest", flat=True)
    fresh = set(credited) - {digests[key] for key in known}
    if not fresh:
        return set()
    rows = Artist.objects.filter(key__in={name_key(artist.name) for artist in fresh}, names=None)
    there = set(rows.values_list("key", "mbid"))
    return {artist for artist in fresh if (name_key(artist.name), artist.mbid) not in there}
