"""Small servers through the real training and its gate: one listener, a family, a household, a new account.

Each gets a model and lists of what can be said truly, or an answer that says why there is nothing.
"""

import json
from datetime import timedelta

import numpy as np
import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts import policies
from graph.ml import data
from graph.models import Listen, ModelVersion
from graph.serving import active_model
from tests import factories
from tests.api.client import App
from tests.discovery.library.test_held import connect, is_sum, names
from tests.discovery.library.test_held import plays as held_plays
from tests.graph.ingest.doors import GraphQL

# The heartbeat of a training has a thread and a connection of its own.
pytestmark = pytest.mark.django_db(transaction=True)

LIST = """degraded edges { node { score remainder
  item { ... on Track { id title play { library } } ... on Artist { id name } }
  reasons { kind contribution evidence { ... on Track { title } ... on Artist { name } } } } }"""
LOOK = f"""{{ popular(kind: TRACK) {{ {LIST} }} popularArtists: popular(kind: ARTIST) {{ {LIST} }}
  viewer {{ tracks: discover(kind: TRACK) {{ {LIST} }} artists: discover(kind: ARTIST) {{ {LIST} }}
    fromFriends(kind: TRACK) {{ {LIST} }} similarListeners {{ edges {{ node {{ handle }} }} }} }} }}"""
RADIO = """mutation { startRadio(kind: TRACK) { ... on RadioQueue { degraded source
  now { score remainder item { ... on Track { title } } reasons { contribution } } upcoming { score } } } }"""


@pytest.fixture(autouse=True)
def _fresh_process(artifact_dir, redis_url, monkeypatch):
    monkeypatch.setattr(active_model, "_served", None)


@pytest.fixture
def train(tmp_path, capsys):
    """The operator's command, and the words it says."""

    def train(**choices):
        path = tmp_path / "config.json"
        path.write_text(json.dumps(choices))
        capsys.readouterr()
        call_command("train_recommender", config=path)
        return capsys.readouterr().out

    return train


@pytest.fixture
def two(monkeypatch):
    """A server whose people agreed to counts of two, as its settings make it; what training is told beside them."""
    monkeypatch.setattr(policies, "SMALLEST_AGGREGATE", 2)
    monkeypatch.setattr(data, "LEAST_LISTENERS", policies.floor(5))
    return {"blend": {"min_contributors": 2}}


def record(user, songs):
    """Plays of (artist, title), told through the API."""
    door, now = GraphQL(user), timezone.now().replace(microsecond=0)
    told = [
        {"artist": artist, "title": title, "duration_ms": 200_000, "source_id": f"{user.pk}-{number}",
         "at": now - timedelta(days=1, minutes=5 * number)}
        for number, (artist, title) in enumerate(songs)
    ]  # fmt: skip
    for start in range(0, len(told), 100):
        assert door.tell(*told[start : start + 100]) == []


def looked(user):
    """What each list answers: its name with `degraded` and its nodes, after what holds of every list."""
    answer = App(user).data(LOOK)
    viewer = answer.pop("viewer")
    similar = [edge["node"]["handle"] for edge in viewer.pop("similarListeners")["edges"]]
    lists = {}
    for name, shown in (answer | viewer).items():
        nodes = [edge["node"] for edge in shown["edges"]]
        for node in nodes:
            assert is_sum(node), (name, node)
            assert node["score"], f"{name} ranks what nothing is known of: {node}"
        lists[name] = shown["degraded"], nodes
    return lists, similar


def radio(user):
    queue = App(user).data(RADIO)["startRadio"]
    if queue["now"]:
        assert is_sum(queue["now"])
    return queue


def played(user):
    return set(Listen.objects.filter(user=user).values_list("track__title", flat=True))


def test_one_listener_with_600_plays_gets_a_model_and_is_told_what_there_is_to_say(train):
    ada, rng = factories.sharer("ada"), np.random.default_rng(1)
    artists = (rng.random(600) ** 2 * 60).astype(int)
    record(
        ada, [(f"Band {a}", f"Song {a}-{t}") for a, t in zip(artists, rng.integers(0, 5, 600), strict=True)]
    )
    said = train()
    assert "TRACK: too few people play the same to learn from; the catalog and its tags speak alone." in said
    assert "Too small to measure, and so promoted without comparison: ARTIST by 1 and TRACK by 1 of" in said
    version = active_model.active().version
    assert f"Model {version.pk} is active." in said
    assert version.metrics["not_measured"].startswith("ARTIST by 1 and TRACK by 1")
    assert all(measured["ndcg"] <= 1 for measured in version.metrics["items"].values())

    lists, similar = looked(ada)  # all there is, she played
    assert lists == {
        "popular": ("TOO_FEW_LISTENERS", []),
        "popularArtists": ("TOO_FEW_LISTENERS", []),
        "tracks": ("NOTHING_NEW", []),
        "artists": ("NOTHING_NEW", []),
        "fromFriends": ("NO_EVIDENCE", []),
    }
    assert similar == []
    assert (radio(ada)["degraded"], radio(ada)["now"]) == ("NOTHING_NEW", None)

    more = [
        factories.track(f"Unheard {number}", by=Listen.objects.first().track.artist) for number in range(3)
    ]
    train()
    degraded, nodes = looked(ada)[0]["tracks"]
    assert degraded == "CATALOG_ONLY"
    assert {node["item"]["title"] for node in nodes} == {track.title for track in more}
    for node in nodes:
        (reason,) = node["reasons"]
        assert reason["kind"] == "OWN_PLAY"
        assert {cited["title"] for cited in reason["evidence"]} <= played(ada)
    assert (radio(ada)["degraded"], radio(ada)["now"]["score"] > 0) == ("CATALOG_ONLY", True)


@pytest.mark.parametrize("k", [10, 2])
def test_a_family_of_five_gets_a_model_at_either_floor(k, train, request):
    choices = request.getfixturevalue("two") if k == 2 else {}
    family = [factories.sharer(name) for name in ("ada", "ben", "cleo", "dora", "emil")]
    for number, person in enumerate(family):
        factories.befriended(person, *family[:number])
    rng = np.random.default_rng(1)
    for person in family[:4]:
        mine = rng.permutation(17)[:10]
        songs = zip(rng.choice(mine, 150), rng.integers(0, 6, 150), strict=True)
        record(person, [(f"Band {a}", f"Song {a}-{t}") for a, t in songs])
    record(family[4], [(f"Band {number % 4}", f"Song {number % 4}-{number // 4}") for number in range(8)])
    said = train(**choices)
    assert "promoted without comparison: ARTIST by 5 and TRACK by 5 of the 20 listeners" in said
    assert ModelVersion.objects.get().state == "ACTIVE"
    for person in (family[0], family[4]):
        lists, similar = looked(person)
        assert similar == []  # all of them are friends
        for name in ("tracks", "artists", "fromFriends"):
            degraded, nodes = lists[name]
            assert nodes, name
            assert degraded == (None if k == 2 else "CATALOG_ONLY")
            assert not {node["item"].get("title") for node in nodes} & played(person)
        for name in ("popular", "popularArtists"):
            degraded, nodes = lists[name]
            assert (degraded, bool(nodes)) == ((None, True) if k == 2 else ("TOO_FEW_LISTENERS", False))
            assert k == 10 or all(
                Listen.objects.filter(track__title=node["item"]["title"]).values("user").distinct().count()
                >= 2
                for node in nodes
                if "title" in node["item"]
            )
        queue = radio(person)
        assert (queue["degraded"], queue["now"]["score"] > 0) == (None if k == 2 else "CATALOG_ONLY", True)


def test_a_household_of_four_gets_twenty_each_from_its_library(train, two):
    """Two and two alike, one library of 2,000 tracks, 300 plays each."""
    people, rng = [factories.sharer(f"person{number}") for number in range(4)], np.random.default_rng(7)
    liked = [{f"genre {number // 2 * 7 + step}" for step in range(5)} for number in range(4)]
    for person, genres in zip(people, liked, strict=True):
        tracks = connect(person, range(2_000))
        mine = [track for song, track in tracks.items() if names(song)[1] in genres]
        held_plays(person, rng.choice(mine, 300, replace=True).tolist())
    said = train(**two)
    assert "TRACK: plays taught something of" in said
    assert "promoted without comparison: ARTIST by 4 and TRACK by 4" in said
    for person, genres in zip(people, liked, strict=True):
        lists, _similar = looked(person)
        degraded, nodes = lists["tracks"]
        assert (degraded, len(nodes)) == (None, 20)
        for node in nodes:
            assert node["item"]["title"] not in played(person)
            assert node["item"]["play"]
            own = [reason for reason in node["reasons"] if reason["kind"] == "OWN_PLAY"]
            assert own, node
            assert {cited["title"] for reason in own for cited in reason["evidence"]} <= played(person)
        fitting = sum(names(int(node["item"]["title"].split()[1]))[1] in genres for node in nodes)
        assert fitting >= 16, f"{fitting} of 20 are what {person} likes"
        assert lists["popular"][0] is None
        assert lists["popular"][1]
        assert radio(person)["now"]["score"] > 0


@pytest.mark.parametrize("there", ["library", "catalog"])
def test_a_new_account_on_a_new_server_is_told_that_there_is_nothing_to_go_by(train, there):
    ada = factories.sharer("ada")
    assert {degraded for degraded, nodes in looked(ada)[0].values() if not nodes} == {"NO_MODEL"}
    assert radio(ada)["degraded"] == "NO_MODEL"
    if there == "library":
        tracks = list(connect(ada, range(60)).values())
    else:
        catalog = {number: factories.artist(f"Band {number}") for number in range(6)}
        for number, artist in catalog.items():
            factories.tag(f"genre {number % 2}", artist)
        tracks = [factories.track(f"Song {number}", by=catalog[number // 10]).pk for number in range(60)]
    said = train()
    assert "TRACK: too few people play the same to learn from; the catalog and its tags speak alone." in said
    assert "promoted without comparison: nothing could be held out of what is played here." in said
    lists, similar = looked(ada)
    assert {name: found for name, found in lists.items() if found[1]} == {}
    assert {name: degraded for name, (degraded, _nodes) in lists.items()} == {
        "popular": "TOO_FEW_LISTENERS",
        "popularArtists": "TOO_FEW_LISTENERS",
        "tracks": "NO_EVIDENCE",
        "artists": "NO_EVIDENCE",
        "fromFriends": "NO_EVIDENCE",
    }
    assert similar == []
    queue = radio(ada)  # it plays what there is, and says that it was not chosen
    assert (queue["degraded"], queue["now"]["score"], queue["now"]["reasons"]) == ("NO_EVIDENCE", 0.0, [])
    assert queue["source"] != "POPULAR"

    held_plays(ada, [tracks[0]])  # and with the first play there is something, by the model that is there
    degraded, nodes = looked(ada)[0]["tracks"]
    assert (degraded, bool(nodes)) == ("CATALOG_ONLY", True)
    assert radio(ada)["degraded"] == "CATALOG_ONLY"


def test_a_server_with_nothing_is_told_that_there_is_nothing(train):
    factories.listener("ada")
    with pytest.raises(Exception, match=r"Nobody has granted .* and the catalog is empty\."):
        train()
    assert not ModelVersion.objects.exists()
