"""A street of neighbors to attack: everybody's tracks point their own way, so that each one's plays can be told apart."""

from datetime import timedelta

import numpy as np
from django.utils import timezone

from accounts.models import Purpose
from discovery.platform.graphql.node import global_id
from graph.models import ItemKind
from tests import factories
from tests.adversary.attack import Person, advantage, part_of
from tests.discovery.small_index import small_index

FRIENDS = ("quinvara", "zebulonq", "yxandrie", "wolfrumq")  # found in no other word
OWN = 6  # tracks that one person alone plays
HOUR = timedelta(hours=1)


class Street:
    """Mallory, who attacks; the prey, three more friends, a stranger who plays as they do; and what each of them plays.

    Everybody agrees to everything at first. ``own``: the tracks that only this person plays (ids of the API).
    ``common``: what all friends play. ``threes``: by who does not play it, what all other friends play. The attacker plays
    nothing.
    """

    def __init__(self, serve):
        self.mallory = Person(factories.sharer("mallory"))
        self.friends = [Person(factories.sharer(name)) for name in FRIENDS]
        self.prey, *self.others = self.friends
        self.stranger = Person(factories.sharer("stranger"))
        people = [
            self.stranger,
            *self.others,
            self.prey,
        ]  # the prey's tracks last: nothing else puts them first
        self.tracks = {
            person.user.username: [factories.track(f"{person.user.username} {n}") for n in range(OWN)]
            for person in people
        }
        self.common_track = factories.track("Common Ground")
        self.three_tracks = {name: factories.track(f"Not for {name}") for name in FRIENDS}
        for person in people:
            for track in self.tracks[person.user.username]:
                factories.listens(person.user, track, 2, at=timezone.now() - 3 * HOUR)
        for friend in self.friends:
            factories.listens(friend.user, self.common_track, at=timezone.now() - HOUR)
            for name, track in self.three_tracks.items():
                if name != friend.user.username:
                    factories.listens(friend.user, track, at=timezone.now() - HOUR)
        self._serve(serve)
        self.own = {
            name: [global_id("Track", track.pk) for track in tracks] for name, tracks in self.tracks.items()
        }
        self.common = global_id("Track", self.common_track.pk)
        self.threes = {name: global_id("Track", track.pk) for name, track in self.three_tracks.items()}

    def _serve(self, serve):
        ways = np.eye(len(self.tracks) + 1)
        vectors = [
            ways[row] * (1 - n / 20)
            for row, tracks in enumerate(self.tracks.values())
            for n in range(len(tracks))
        ]
        tracks = [track for tracks in self.tracks.values() for track in tracks]
        tracks += [self.common_track, *self.three_tracks.values()]
        vectors += [ways[-1]] * (1 + len(self.three_tracks))
        serve(ItemKind.TRACK, small_index(vectors, ids=[track.pk for track in tracks]))

    @property
    def prey_tracks(self):
        return self.own[self.prey.user.username]

    @property
    def decoys(self):
        """As many tracks, of somebody who has nothing to do with the attacker."""
        return self.own[self.stranger.user.username]

    def befriended(self, *friends):
        factories.befriended(self.mallory.user, *(friend.user for friend in friends))

    def nameless(self, *friends):
        for friend in friends:
            factories.revoke(friend.user, Purpose.NAMED)

    def told_by(self, scores):
        """How well scores tell the prey's own tracks from the decoys'."""
        inside, outside = (
            [scores.get(track, -1e9) for track in tracks] for tracks in (self.prey_tracks, self.decoys)
        )
        return advantage(inside, outside)

    def part_shown(self, shown):
        """Which part of the prey's own tracks was shown."""
        return part_of(shown, self.prey_tracks)
