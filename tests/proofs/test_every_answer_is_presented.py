"""The proof of the pipeline: whatever any surface answers of a thing was presented to whoever asked, in that very answer.

Every row of a world has words of its own in each text that could be shown. All fields of the schema are asked by
everybody, everybody's export is written, and every subscription sends a message; of each answer it is read off whose
words stand in it. A thing whose words do and which was not presented to its reader was shown past the pipeline.
"""

import asyncio
import json
import zipfile
from collections import defaultdict
from contextlib import asynccontextmanager, contextmanager

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from django.http import HttpResponse
from django.test import RequestFactory

from accounts import presentation
from accounts.credentials import browser_credential
from accounts.models import User
from accounts.presentation import Presented, Ref
from discovery.platform.errors import NotPresented
from discovery.privacy import export_files
from discovery.privacy.export import data_export_build, data_export_request
from discovery.realtime import subscriptions
from discovery.realtime.socket import LiveContext
from discovery.recommend.wording import Wording
from discovery.schema import schema
from discovery.together import activity, taste
from discovery.together.activity import ActivityKind
from graph.models import Artist, ItemKind, ModelVersion, Playlist, Track
from tests import factories
from tests.api import reached
from tests.api.access import ROLES, World, lines, reached_types
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db

# Rows that are nobody's, and so need no rule of who may see them.
NOBODYS = {ModelVersion: "a trained recommender of the installation"}


@pytest.fixture
def world(serve, settings, tmp_path):
    settings.EXPORT_DIR = tmp_path
    tracks = [factories.track() for _ in range(3)]
    serve(ItemKind.TRACK, small_index([[1.0], [0.9], [0.8]], ids=[track.pk for track in tracks]))
    world = World()
    for person, track in zip(("owner", "friend", "stranger"), tracks, strict=True):
        factories.listens(world.people[person], track, 3)
    give_words()
    return world


def give_words():
    """Words of its own to every person, track, artist and playlist: ``§kind-key§``."""
    for kind, model, *columns in (
        ("Listener", User, "display_name"), ("Track", Track, "title"), ("Artist", Artist, "name"),
        ("Playlist", Playlist, "title", "description"),
    ):  # fmt: skip
        for key in model.objects.values_list("pk", flat=True):
            model.objects.filter(pk=key).update(**dict.fromkeys(columns, f"§{kind}-{key}§"))


def told_of(text):
    """References of everything whose words stand in ``text``."""
    return {
        Ref(kind, int(key))
        for part in str(text).split("§")[1::2]
        for kind, _, key in [part.partition("-")]
        if key.isdigit()
    }


@contextmanager
def presenting(monkeypatch):
    """Collects what is presented: references by the key of the viewer."""
    shown = defaultdict(set)
    marked = presentation._marked

    def noting(row, key):
        shown[key].add(presentation.ref_of(row))
        return marked(row, key)

    with monkeypatch.context() as patched:
        patched.setattr(presentation, "_marked", noting)
        yield shown


def past_the_pipeline(text, shown, viewer):
    """What ``text`` tells of, to this viewer, that was not presented to them."""
    key = viewer.pk if viewer else presentation.ANYBODY
    tracks = Track.objects.filter(pk__in=[ref.id for ref in shown[key] if ref.kind == "Track"])
    carried = {Ref("Artist", artist) for artist in tracks.values_list("artist_id", flat=True)}
    return told_of(text) - shown[key] - carried


# --- the schema -----------------------------------------------------------------------------


def test_every_type_of_rows_has_a_rule_of_who_may_see_them():
    ruled = {kind.model for kind in presentation.registered().values()}
    rows = {
        kind.definition.origin.__strawberry_django_definition__.model: name
        for name, kind in schema.schema_converter.type_map.items()
        if hasattr(getattr(kind.definition, "origin", None), "__strawberry_django_definition__")
    }
    assert len(rows) > 8
    assert {name for model, name in rows.items() if model not in ruled | NOBODYS.keys()} == set()


def questions(world):
    """(query, variables): each field of the roots, and of each type behind them all fields at once."""
    yield from lines(world.ids).values()
    ways = reached.ways()
    for name in reached_types():
        if name in ways:
            fields = sorted(schema._schema.type_map[name].fields.items())
            yield reached.operation(name, ways[name], fields, world.ids)[:2]


def test_no_field_tells_of_what_was_not_presented(world, monkeypatch):
    asked = told = 0
    for query, variables in questions(world):
        for role in ROLES:
            with presenting(monkeypatch) as shown:
                answer = json.dumps(world.ask(role, query, variables), ensure_ascii=False)
            assert past_the_pipeline(answer, shown, world.people[role]) == set(), (role, query)
            assert "NOT_PRESENTED" not in answer, (role, query)
            asked, told = asked + 1, told + bool(told_of(answer))
    assert asked > 800
    assert told > 10, "the answers tell of things, else nothing is proved"


ITEM = "... on Track { title artist { name } } ... on Artist { name }"
NODE = ITEM + (
    " ... on Listener { handle displayName } ... on Playlist { title description owner { displayName } }"
)
PERSON = "displayName"
FEED = "(first: 20) { edges { node { item { ITEM } reasons { text evidence { NODE } action { label } } } } }"
SURFACES = {
    "discover": "discover" + FEED,
    "fromFriends": "fromFriends" + FEED,
    "friendSuggestions": "friendSuggestions { edges { node { listener { PERSON } reason } } }",
    "similarListeners": "similarListeners { edges { node { PERSON } } }",
    "tasteMatch": "tasteMatch(with: $person, kind: TRACK) { listener { PERSON } shared { item { ITEM } }"
    " onlyYou { ITEM } onlyThem { ITEM } }",
    "blend": "blend(with: [$person]) { members { listener { PERSON } } items { item { ITEM }"
    " people { listener { PERSON } because { ITEM } } } }",
    "pathTo": "pathTo(id: $track) { nodes { NODE } links { text } }",
    "activity": "activity { edges { node { listener { PERSON } item { ITEM } } } }",
    "community": "community { artists { name } }",
    "rooms": "rooms { title host { PERSON } invitedBy { PERSON } }",
    "playlists": "playlists { edges { node { title description owner { PERSON } collaborators { listener { PERSON } }"
    " entries { edges { node { track { title } addedBy { PERSON } } } } } } }",
    "listens": "listens { edges { node { track { title artist { name } } } } }",
    "friends": "friends { edges { node { PERSON } } }",
    "friendRequests": "friendRequests { edges { node { sender { PERSON } receiver { PERSON } } } }",
    "exclusions": "privacy { exclusions { NODE } }",
    "answers": "privacy { purposes { overrides { friend { PERSON } } } }",
    "shownTo": "shownTo { edges { node { recipient { PERSON } } } }",
    "previewRemoval": "previewRemoval(id: $track) { lost { ITEM } gained { ITEM } after { ITEM } }",
    "recommendations": "recommendationsReceived { edges { node { sender { PERSON } item { ITEM } } } }"
    " recommendationsSent { edges { node { recipient { PERSON } item { ITEM } } } }",
}


def asked(surface):
    fields = SURFACES[surface].replace("NODE", NODE).replace("ITEM", ITEM).replace("PERSON", PERSON)
    used = [name for name in ("person", "track") if f"${name}" in fields]
    declared = f"({', '.join(f'${name}: ID!' for name in used)})" if used else ""
    return f"query asked{declared} {{ viewer {{ {fields} }} }}", used


@pytest.mark.parametrize("surface", SURFACES)
def test_no_surface_tells_of_what_was_not_presented(world, monkeypatch, surface):
    query, used = asked(surface)
    given = {"person": world.ids["Listener"], "track": world.ids["Track"]}
    for role in ROLES:
        with presenting(monkeypatch) as shown:
            answer = world.ask(role, query, {name: given[name] for name in used})
        told = json.dumps(answer, ensure_ascii=False)
        assert past_the_pipeline(told, shown, world.people[role]) == set(), role
        assert "INTERNAL" not in told, told
        assert "GRAPHQL_VALIDATION_FAILED" not in told, told


# --- exports and sockets --------------------------------------------------------------------


def exported(user):
    with transaction.atomic():
        export = data_export_build(export_id=str(data_export_request(user=user).pk))
        with zipfile.ZipFile(export.path) as file:
            text = "".join(file.read(name).decode() for name in file.namelist())
        transaction.set_rollback(True)
    return text


# What stands in an export because it is the person's own record, in the words of the catalog.
OWN_RECORDS = {"Track", "Artist"}


def others_in(text, user, shown):
    own = {Ref("Listener", user.pk)} | {
        Ref("Playlist", key) for key in user.playlists.values_list("pk", flat=True)
    }
    return {ref for ref in past_the_pipeline(text, shown, user) - own if ref.kind not in OWN_RECORDS}


def test_no_export_tells_of_what_was_not_presented(world, monkeypatch):
    for role in ("owner", "friend", "stranger", "blocked"):
        person = world.people[role]
        with presenting(monkeypatch) as shown:
            text = exported(person)
        assert told_of(text), "it tells of something"
        assert others_in(text, person, shown) == set(), role


def first_of(query, viewer, message):
    """What a subscription sends first, or at this message."""

    async def first():
        request = RequestFactory().get("/graphql/")
        request.user, request.credential = viewer, browser_credential(viewer)
        context = LiveContext(request=request, response=HttpResponse())
        stream = await schema.subscribe(query, context_value=context)
        try:
            return await anext(aiter(stream))
        finally:
            await stream.aclose()

    class Inbox:
        def missed_take(self):
            return 0

        async def get(self):
            if message is None:
                await asyncio.Event().wait()
            return message

    class Hub:
        def opened(self, _channels, *, size):
            @asynccontextmanager
            async def inbox():
                yield Inbox()

            return inbox()

    async def still_there(context):
        return context.viewer

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(subscriptions, "hub", Hub)
        patched.setattr(LiveContext, "viewer_now", still_there)
        return async_to_sync(first)()


def messages(world):
    listen = world.owner.listens.order_by("pk").first()
    room = world.ids["Room"]
    words = "item { ... on Track { title artist { name } } }"
    yield (
        "friend",
        f"subscription {{ friendActivity {{ listener {{ displayName }} {words} }} }}",
        {"listen": listen.pk},
    )
    yield (
        "owner",
        (
            f'subscription {{ roomQueue(roomId: "{room}") {{ members {{ listener {{ displayName }} }} now {{ {words} }}'
            f" queue {{ {words} people {{ listener {{ displayName }} }} }} }} }}"
        ),
        None,
    )
    yield "owner", "subscription { rooms { title host { displayName } } }", None


def test_no_message_tells_of_what_was_not_presented(world, monkeypatch):
    for role, query, message in messages(world):
        with presenting(monkeypatch) as shown:
            result = first_of(query, world.people[role], message)
        assert result.errors is None, result.errors
        text = json.dumps(result.data, ensure_ascii=False)
        assert told_of(text), "it tells of something"
        assert past_the_pipeline(text, shown, world.people[role]) == set(), role


# --- shown to fail --------------------------------------------------------------------------


def test_a_planted_row_is_refused_before_it_goes_out(world, monkeypatch):
    def bypass(*_):
        match = taste._draft(world.owner.pk, ItemKind.TRACK, {}, {}, 0.0, None).shown
        return Presented(presentation._SEAL, match({Ref("Listener", world.owner.pk): world.owner}), viewer.pk)

    viewer = world.people["stranger"]
    monkeypatch.setattr(taste, "taste_match", bypass)
    monkeypatch.delattr(world.owner, presentation._MARK, raising=False)
    query = "query ($id: ID!) { viewer { tasteMatch(with: $id) { listener { displayName } } } }"
    answer = world.ask("stranger", query, {"id": world.ids["Listener"]})
    assert answer["errors"][0]["extensions"]["code"] == "NOT_PRESENTED"
    assert not told_of(json.dumps(answer, ensure_ascii=False))


def test_planted_words_are_found(world, monkeypatch):
    reason = Wording.reason
    monkeypatch.setattr(Wording, "reason", lambda self, cited: reason(self, cited) + world.owner.display_name)
    world.owner.refresh_from_db()
    with presenting(monkeypatch) as shown:
        answer = world.ask("stranger", "{ viewer { discover { edges { node { reasons { text } } } } } }", {})
    found = past_the_pipeline(json.dumps(answer, ensure_ascii=False), shown, world.people["stranger"])
    assert found == {Ref("Listener", world.owner.pk)}


def test_a_planted_line_of_an_export_is_found(world, monkeypatch):
    def bypass(user, refs):
        return {ref: User.objects.get(pk=ref.id) for ref in refs if ref.kind == "Listener"}

    monkeypatch.setattr(export_files, "nodes_shown", bypass)
    User.objects.filter(pk=world.owner.pk).update(username=f"§Listener-{world.owner.pk}§")
    with presenting(monkeypatch) as shown:
        text = exported(asker := User.objects.get(username="asker"))
    assert others_in(text, asker, shown) == {Ref("Listener", world.owner.pk)}


def test_a_planted_message_is_refused(world, monkeypatch):
    def bypass(asked):
        listen = world.owner.listens.order_by("pk").first()
        done = activity.Activity(
            listen.pk,
            ActivityKind.PLAYED,
            User.objects.get(pk=world.owner.pk),
            listen.track,
            listen.listened_at,
        )
        return {news: Presented(presentation._SEAL, done, news[0].pk) for news in asked}

    monkeypatch.setattr(subscriptions._news, "_answer", bypass)
    query = "subscription { friendActivity { listener { displayName } } }"
    result = first_of(
        query, world.people["stranger"], {"listen": world.owner.listens.order_by("pk").first().pk}
    )
    assert isinstance(result.errors[0].original_error, NotPresented)


def test_nothing_else_makes_what_the_pipeline_makes():
    with pytest.raises(TypeError):
        Presented(object(), "anything", 1)
