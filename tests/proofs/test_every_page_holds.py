"""The proof of paging: whatever comes or moves between two pages of a list, no row comes twice and none is lost.

Every connection of the schema is walked page by page, and between the first page and the second the world changes: rows
come in before, behind and among those that were there, places shift, a ranking turns around. What was there all along is
met once. A new connection without a line here fails.
"""

from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from django.utils import timezone
from graphql import GraphQLObjectType, get_named_type
from strawberry import relay

from accounts.models import ConsentEvent, Purpose
from accounts.services.consent import consent_set
from discovery.models import SocialUse
from discovery.platform.graphql import keyset
from discovery.platform.graphql.node import global_id
from discovery.recommend import suggestions
from discovery.recommend.acquaintance import Acquaintances
from discovery.schema import schema
from discovery.together import taste
from graph.models import (
    Feedback,
    FeedbackKind,
    History,
    HistoryRow,
    ItemKind,
    ItemRecommendation,
    Listen,
    Playlist,
)
from graph.services.playlists import (
    playlist_create,
    playlist_entry_add,
    playlist_entry_remove,
    playlist_rename,
)
from tests import factories
from tests.api.client import App
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db

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


LISTS = {
    "Import.rows": import_rows,
    "Playlist.entries": entries,
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


def connections():
    """Every field of the schema that goes on behind a cursor."""
    return {
        f"{kind.name}.{name}"
        for kind in schema._schema.type_map.values()
        if isinstance(kind, GraphQLObjectType)
        for name, field in kind.fields.items()
        if "after" in field.args or "pageInfo" in getattr(get_named_type(field.type), "fields", {})
    }


@pytest.fixture
def walk(request, serve, monkeypatch):
    """An app of a viewer, and the list of this name in their world."""
    ada = factories.sharer("ada")
    needs = serve if request.param in RANKINGS else monkeypatch if request.param in PEOPLE else None
    return SimpleNamespace(name=request.param, app=App(ada), list=LISTS[request.param](ada, needs))


every_list = pytest.mark.parametrize("walk", LISTS, indirect=True)


def walked(app, walk, *, changed=True):
    """The rows of each page, and what was there before the first."""
    whole = keys(walk.page(app, first=100))
    pages, after = [], None
    while True:
        page = walk.page(app, after)
        pages.append(keys(page))
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        assert len(pages) < 20, "it goes on for ever"
        if not page["pageInfo"]["hasNextPage"]:
            return pages, [key for key in whole if key not in (walk.before if changed else ())]
        after = page["pageInfo"]["endCursor"]
        if changed and len(pages) == 1:
            walk.change()


def met(pages, key):
    return sum(page.count(key) for page in pages)


# --- the proof ------------------------------------------------------------------------------


def test_every_connection_stands_in_the_table():
    assert connections() == LISTS.keys()


@every_list
def test_pages_join_where_nothing_changes(walk):
    pages, whole = walked(walk.app, walk.list, changed=False)
    assert len(whole) == COUNT
    assert [key for page in pages for key in page] == whole
    assert [len(page) for page in pages] == [2, 2, 2, 1]


@every_list
def test_no_row_comes_twice_and_none_is_lost(walk):
    pages, there = walked(walk.app, walk.list)
    brought = [key for page in pages for key in page]
    assert len(brought) == len(set(brought))
    assert {key: met(pages, key) for key in there} == dict.fromkeys(there, 1)


@pytest.mark.parametrize("walk", ["Viewer.listens", "Viewer.friends"], indirect=True)
def test_the_walk_fails_for_places_that_are_counted(walk, monkeypatch):
    monkeypatch.setattr(keyset, "behind", lambda rows, _position: rows[PAGE:])
    with pytest.raises(AssertionError):
        test_no_row_comes_twice_and_none_is_lost(walk)


@every_list
def test_a_cursor_opens_for_one_list_and_one_viewer_and_tells_nothing(walk):
    first = walk.list.page(walk.app)
    cursor = first["pageInfo"]["endCursor"]
    assert first["edges"][-1]["cursor"] == cursor
    assert walk.list.page(walk.app)["pageInfo"]["endCursor"] == cursor
    offset = relay.to_base64("arrayconnection", 1)
    for made_up in (offset, f"{cursor[:-2]}AA", "", "x" * 20_000, cursor[:10]):
        assert walk.list.page(walk.app, made_up) == "INVALID_CURSOR"
    other = Walk("friends", None) if walk.name != "Viewer.friends" else Walk("listens", None)
    assert other.page(walk.app, cursor) == "INVALID_CURSOR"
    if not walk.name.startswith(("Query.", "Import.", "Playlist.")):  # everybody's, or nobody else's
        assert walk.list.page(App(factories.sharer()), cursor) == "INVALID_CURSOR"


@pytest.mark.parametrize(
    "walk", ["Viewer.listens", "Playlist.entries", "Viewer.similarListeners"], indirect=True
)
def test_the_total_is_of_the_whole_list_on_every_page(walk):
    after = walk.list.page(walk.app)["pageInfo"]["endCursor"]
    inner = f"{walk.list.field}(first: 2, after: $after) {{ totalCount edges {{ cursor }} }}"
    for behind in (None, after):
        value = walk.app.data(f"query ($after: String) {{ {walk.list.within % inner} }}", after=behind)
        while "totalCount" not in value:
            (value,) = value.values()
        assert (value["totalCount"], len(value["edges"])) == (COUNT, 2)


def test_popular_paged_to_its_end_brings_every_item_once(serve):
    tracks = factories.Track.objects.bulk_create(
        factories.Track(title=f"T{n}", artist=artist, standing=factories.Standing.CATALOG)
        for artist in [factories.artist()]
        for n in range(450)
    )
    ids = sorted(track.pk for track in tracks)
    serve(ItemKind.TRACK, small_index([[1.0]] * 450, ids=ids, prior=[float(n % 3) for n in range(450)]))
    walk = Walk("popular(", None, node=f"node {{ item {{ {ITEM} }} }}", within="%s")
    brought, after, more = [], None, True
    while more:
        page = walk.page(App(), after, first=100)
        brought += keys(page)
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert (len(brought), len(set(brought))) == (450, 450)
    assert len(after) < 1_500
