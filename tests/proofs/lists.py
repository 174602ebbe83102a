"""Every list of the schema in a world of its own, with what happens to it between two pages."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.utils import timezone

from accounts.models import ConsentEvent, Purpose
from accounts.services.consent import consent_set
from discovery.models import SocialUse
from discovery.platform.graphql.node import global_id
from discovery.recommend import suggestions
from discovery.recommend.acquaintance import Acquaintances
from discovery.together import taste
from graph.models import (
    Feedback,
    FeedbackKind,
    History,
    HistoryRow,
    ItemKind,
    ItemRecommendation,
    Listen,
    ModelVersion,
    Playlist,
)
from graph.services.playlists import (
    playlist_create,
    playlist_entry_add,
    playlist_entry_remove,
    playlist_rename,
)
from tests import factories
from tests.discovery.small_index import small_index

NODE = "node { id }"
ITEM = "... on Track { id } ... on Artist { id }"
COUNT = 7  # rows there are before the first page
PAGE = 2


@dataclass
class Walk:
    """A list in a world: how it is asked for, and what happens between two pages."""

    field: str  # with its arguments but the page's
    change: object  # called once, between the first page and the second
    node: str = NODE  # what tells one row from another
    within: str = "viewer { %s }"
    before: frozenset[str] = frozenset()  # rows there were that the change took out

    def page(self, app, after=None, first=PAGE):
        name, _, arguments = self.field.partition("(")
        arguments = f"({arguments.rstrip(')')} first: {first}, after: $after)"
        query = (
            self.within
            % f"{name}{arguments} {{ edges {{ cursor {self.node} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}"
        )
        asked = f"query ($after: String) {{ {query} }}"
        value = app.ask(asked, after=after)
        if "errors" in value:
            return value["errors"][0]["extensions"]["code"]
        value = value["data"]
        while "edges" not in value:
            (value,) = value.values()
        return value


def keys(page):
    """What tells the rows of a page apart."""
    found = []
    for edge in page["edges"]:
        value = edge["node"]
        while isinstance(value, dict):
            (value,) = value.values()
        found.append(value)
    return found


# --- the lists ------------------------------------------------------------------------------

HOUR = timedelta(hours=1)


def plays(ada, *hours, by=None):
    for hour in hours:
        factories.listens(by or ada, factories.track(), at=timezone.now() - hour * HOUR)


def listens(ada, _):
    plays(ada, *range(10, 10 + COUNT))
    return Walk("listens", lambda: plays(ada, 1, 2, 11.5, 40))


def said(ada, *hours):
    for hour in hours:
        Feedback.objects.create(
            user=ada, track=factories.track(), kind=FeedbackKind.LIKE, given_at=timezone.now() - hour * HOUR
        )


def feedback(ada, _):
    said(ada, *range(10, 10 + COUNT))
    return Walk("feedback", lambda: said(ada, 1, 2, 11.5, 40))


def playlists(ada, _):
    """Some without a moment, of private sessions: these come last. Two are touched meanwhile: one that was on the first
    page and one that was not go to the top.
    """
    for number in range(COUNT):
        playlist = playlist_create(owner=ada, title=str(number))
        if number < 3:
            Playlist.objects.filter(pk=playlist.pk).update(updated_at=None)

    def change():
        for number in range(2):
            playlist_create(owner=ada, title=f"new {number}")
        for title in ("6", "2"):
            playlist = Playlist.objects.get(owner=ada, title=title)
            playlist_rename(owner=ada, playlist_id=playlist.pk, title=f"touched {title}")

    return Walk("playlists", change)


def entries(ada, _):
    """Two before what was shown, one taken out before it, and what the cursor names taken out as well."""
    playlist = playlist_create(owner=ada, title="Walk")

    def put(position=None):
        return playlist_entry_add(
            user=ada, playlist_id=playlist.pk, track_id=factories.track().pk, position=position
        )

    made = [put() for _ in range(COUNT)]

    def change():
        put(0)
        put(0)
        playlist_entry_remove(user=ada, entry_id=made[1].pk)
        put(4)

    within = f'node(id: "{global_id("Playlist", playlist.pk)}") {{ ... on Playlist {{ %s }} }}'
    return Walk("entries", change, within=within, before=frozenset({global_id("PlaylistEntry", made[1].pk)}))


def befriend(ada, *names):
    factories.befriended(ada, *(factories.sharer(name) for name in names))


def friends(ada, _):
    befriend(ada, *(f"friend{n}" for n in range(COUNT)))
    return Walk("friends", lambda: befriend(ada, "a first one", "friend1b", "z last one"))


def friend_requests(ada, _):
    def ask(times):
        for _ in range(times):
            factories.requested(factories.sharer(), ada)

    ask(COUNT)
    return Walk("friendRequests", lambda: ask(2))


def consent_history(ada, _):
    answered = [
        (purpose, granted) for granted in (True, False) for purpose in (Purpose.SELF, Purpose.NAMED)
    ] * 2
    for purpose, granted in answered[:COUNT]:
        consent_set(user=ada, purpose=purpose, granted=granted)

    def change():
        consent_set(user=ada, purpose=Purpose.CONTRIBUTE, granted=False)
        consent_set(user=ada, purpose=Purpose.CONTRIBUTE, granted=True)

    assert ConsentEvent.objects.filter(subject=ada.pseudonym).count() >= COUNT
    return Walk("consentHistory", change)


def imports(ada, _):
    def hand_in(times):
        for _ in range(times):
            History.objects.create(user=ada, asked_at=timezone.now())

    hand_in(COUNT)
    return Walk("imports", lambda: hand_in(2))


def import_rows(ada, _):
    history = History.objects.create(user=ada, asked_at=timezone.now())

    def refuse(rows):
        for row in rows:
            HistoryRow.objects.create(
                user=ada, history=history, part=1, first=row, last=row, outcome="REFUSED"
            )

    refuse(range(1, COUNT + 1))
    within = f'node(id: "{global_id("Import", history.pk)}") {{ ... on Import {{ %s }} }}'
    return Walk("rows", lambda: refuse((50, 51)), node="node { firstRow }", within=within)


def shown_to(ada, _):
    def use(days):
        for day in days:
            SocialUse.objects.create(
                source=ada,
                recipient=ada_friend,
                day=(timezone.now() - timedelta(days=day)).date(),
                named=False,
            )

    ada_friend = factories.sharer()
    factories.befriended(ada, ada_friend)
    use(range(1, COUNT + 1))
    return Walk("shownTo", lambda: use((0, 20)))


def recommended(sender, recipient, hours):
    for hour in hours:
        moment = timezone.now() - hour * HOUR if hour else None
        ItemRecommendation.objects.create(
            sender=sender, recipient=recipient, track=factories.track(), sent_at=moment
        )


def recommendations(name, *, sent):
    def made(ada, _):
        friend = factories.sharer()
        factories.befriended(ada, friend)
        pair = (ada, friend) if sent else (friend, ada)
        recommended(*pair, [*range(10, 8 + COUNT), None, None])

        def change():
            """One more at each end and between; one that was not shown yet goes to the top, with another note."""
            recommended(*pair, (1, 2, 10.5, None))
            first = ItemRecommendation.objects.filter(sender=pair[0]).earliest("pk")
            ItemRecommendation.objects.filter(pk=first.pk + 4).update(sent_at=timezone.now())

        return Walk(name, change)

    return made


def activity(ada, _):
    ben = factories.sharer("ben")
    factories.befriended(ada, ben)
    plays(ada, *range(10, 10 + COUNT - 2), by=ben)
    said(ben, 10.5, 12.5)
    Listen.objects.filter(user=ben).update(listened_at=timezone.now() - 10 * HOUR)  # all at one moment
    return Walk("activity", lambda: (plays(ada, 1, 2, 40, by=ben), said(ben, 3)))


def search(_ada, __):
    for title in ("Rain", "Rainbow", "Raindrops", "Raining", "Purple Rain", "Rain again", "Bare Rain"):
        factories.track(title)

    def change():
        for title in ("Rain", "Rainy", "A very long name with rain"):
            factories.track(title)

    return Walk('search(text: "rain",', change, node=f"node {{ {ITEM} }}", within="%s")


def found_by_name(_ada, __):
    for number in range(10, 10 + COUNT):
        factories.sharer(f"rain{number}")

    def change():
        """One more at each end and between."""
        for handle in ("rain05", f"rain{10 + COUNT}", "rain11a"):
            factories.sharer(handle)

    return Walk('people(text: "rain",', change, within="%s")


def ranked(field, within="viewer { %s }"):
    """A ranking that turns around after its first page; many of its scores are equal."""

    def made(ada, serve):
        tracks = [factories.track() for _ in range(COUNT)]
        friend = factories.sharer()
        factories.befriended(ada, friend)
        for track in tracks:
            factories.listens(friend, track)
        ids, scores = [track.pk for track in tracks], [3.0, 3.0, 2.0, 2.0, 2.0, 2.0, 1.0]

        def served(prior):
            serve(ItemKind.TRACK, small_index([[1.0 + value] for value in prior], ids=ids, prior=prior))

        served(scores)
        return Walk(
            f"{field}(kind: TRACK,", lambda: served([2.0, 2.0, *scores[2:-1], 9.0]),
            node=f"node {{ item {{ {ITEM} }} }}", within=within,
        )  # fmt: skip

    return made


def people_ranked(field, node, patched):
    def made(_ada, monkeypatch):
        people = [factories.sharer().pk for _ in range(COUNT)]
        patched(monkeypatch, people)
        newcomer = factories.sharer().pk
        return Walk(field, lambda: patched(monkeypatch, [newcomer, *people[2:], *people[:2]]), node=node)

    return made


def suggested(monkeypatch, people):
    found = Acquaintances(np.array(people), np.zeros(len(people), dtype=np.int64))
    monkeypatch.setattr(suggestions, "suggested", lambda *_: found)


def alike(monkeypatch, people):
    monkeypatch.setattr(taste, "_alike", lambda _viewer: people)


def model_versions(ada, _):
    """For staff; a model that is made meanwhile comes before all that was there."""
    type(ada).objects.filter(pk=ada.pk).update(is_staff=True)

    def made(*hours):
        for hour in hours:
            version = ModelVersion.objects.create(
                state=ModelVersion.State.RETIRED, data_hash="", ledger_position=0, config={}, metrics={}
            )
            ModelVersion.objects.filter(pk=version.pk).update(created_at=timezone.now() - hour * HOUR)

    made(*range(10, 10 + COUNT))
    return Walk("modelVersions", lambda: made(1, 2), within="%s")


LISTS = {
    "Import.rows": import_rows,
    "Playlist.entries": entries,
    "Query.modelVersions": model_versions,
    "Query.people": found_by_name,
    "Query.popular": ranked("popular", within="%s"),
    "Query.search": search,
    "Viewer.activity": activity,
    "Viewer.consentHistory": consent_history,
    "Viewer.discover": ranked("discover"),
    "Viewer.feedback": feedback,
    "Viewer.friendRequests": friend_requests,
    "Viewer.friendSuggestions": people_ranked("friendSuggestions", "node { listener { id } }", suggested),
    "Viewer.friends": friends,
    "Viewer.fromFriends": ranked("fromFriends"),
    "Viewer.imports": imports,
    "Viewer.listens": listens,
    "Viewer.playlists": playlists,
    "Viewer.recommendationsReceived": recommendations("recommendationsReceived", sent=False),
    "Viewer.recommendationsSent": recommendations("recommendationsSent", sent=True),
    "Viewer.shownTo": shown_to,
    "Viewer.similarListeners": people_ranked("similarListeners", NODE, alike),
}
RANKINGS = ("Query.popular", "Viewer.discover", "Viewer.fromFriends")
PEOPLE = ("Viewer.friendSuggestions", "Viewer.similarListeners")
