"""The proof of paging: whatever comes or moves between two pages of a list, no row comes twice and none is lost.

Every connection of the schema is walked page by page, and between the first page and the second the world changes: rows
come in before, behind and among those that were there, places shift, a ranking turns around. What was there all along is
met once. A new connection without a line here fails.
"""

from types import SimpleNamespace

import pytest
from graphql import GraphQLObjectType, get_named_type
from strawberry import relay

from discovery.platform.graphql import keyset
from discovery.schema import schema
from graph.models import ItemKind
from tests import factories
from tests.api.client import App
from tests.discovery.small_index import small_index
from tests.proofs.lists import COUNT, ITEM, LISTS, PAGE, PEOPLE, RANKINGS, Walk, keys

pytestmark = pytest.mark.django_db


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
    changed = f"{'A' if cursor[0] != 'A' else 'B'}{cursor[1:]}"  # its last letters may be what one puts there
    for made_up in (offset, changed, "", "x" * 20_000, cursor[:10]):
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
    serve(ItemKind.TRACK, small_index([[1.0]] * 450, ids=ids, prior=[1.0 + n % 3 for n in range(450)]))
    walk = Walk("popular(", None, node=f"node {{ item {{ {ITEM} }} }}", within="%s")
    brought, after, more = [], None, True
    while more:
        page = walk.page(App(), after, first=100)
        brought += keys(page)
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert (len(brought), len(set(brought))) == (450, 450)
    assert len(after) < 1_500
