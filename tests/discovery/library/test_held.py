"""What people's own libraries hold is recommended to them: by a model, between trainings, and without any model."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from accounts.intake import restoring
from accounts.models import PersonalizationLevel
from discovery.recommend import evidence as gathering
from discovery.recommend import held
from graph.ingest.catalog import namings_get_or_create
from graph.ingest.clean import words_clean
from graph.ingest.incoming import IncomingPlay
from graph.models import Artist, ItemKind, LibraryAccount, LibrarySong, Listen
from graph.services.exclusions import taste_exclusion_set
from graph.serving.channels import Channel
from tests import factories
from tests.api.client import App
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db

DISCOVER = """{ viewer { discover(first: 20) { degraded edges { node { score remainder
  item { ... on Track { id title artist { name } play { library } } }
  reasons { kind text contribution evidence { ... on Track { title artist { name } } } } } } } } }"""
GENRES = 20


def names(number):
    """Band and genre of a song: ten songs a band, ten bands a genre."""
    band = number // 10
    return f"Band {band}", f"genre {band % GENRES}"


def connect(user, numbers):
    """A library that holds these songs, as reading it leaves it."""
    told = {}
    for number in numbers:
        play = IncomingPlay(
            source="", listened_at=None, title=f"Song {number}", artist=names(number)[0], album="", duration_ms=200_000
        )  # fmt: skip
        told[number] = words_clean(play)
    namings = namings_get_or_create(list(told.values()))
    with restoring():
        account = LibraryAccount.objects.create(
            user=user,
            url="http://music.example",
            username=user.username,
            secret="",
            name="At home",
            state="READY",
        )
        LibrarySong.objects.bulk_create(
            LibrarySong(
                account=account, user=user, naming=namings[words.digest], track_id=namings[words.digest].track_id,
                song=f"s{number}", genre=names(number)[1], year=1990,
            )
            for number, words in told.items()
        )  # fmt: skip
    return {number: namings[words.digest].track_id for number, words in told.items()}


def plays(user, tracks, *, ago=timedelta(days=1)):
    with restoring():
        Listen.objects.bulk_create(
            Listen(
                user=user, track_id=track, listened_at=timezone.now() - ago - timedelta(minutes=5 * number), ms_played=200_000,
                source="test", source_id=f"{user.pk} {number} {ago}",
            )
            for number, track in enumerate(tracks)
        )  # fmt: skip


def discovered(user):
    answer = App(user).data(DISCOVER)["viewer"]["discover"]
    return answer["degraded"], [edge["node"] for edge in answer["edges"]]


def is_sum(node):
    return (
        abs(sum(reason["contribution"] for reason in node["reasons"]) + node["remainder"] - node["score"])
        < 1e-4
    )


def test_without_a_model_three_plays_bring_what_is_like_them():
    ada = factories.sharer("ada")
    tracks = connect(ada, range(600))
    plays(ada, [tracks[0], tracks[1], tracks[200]])  # all of one genre, two bands of three
    degraded, nodes = discovered(ada)
    assert degraded == "NO_MODEL"
    assert len(nodes) == 20
    own = {"Song 0", "Song 1", "Song 200"}
    for node in nodes:
        assert node["item"]["title"] not in own
        assert node["item"]["play"] == [{"library": "At home"}]
        assert names(int(node["item"]["title"].split()[1]))[1] == "genre 0"
        assert node["reasons"][0]["kind"] == "OWN_PLAY"
        assert {cited["title"] for cited in node["reasons"][0]["evidence"]} <= own
        assert is_sum(node)
    assert {node["item"]["artist"]["name"] for node in nodes} == {"Band 0", "Band 20", "Band 40"}


def test_a_mood_of_the_servers_brings_others_of_that_mood():
    ada = factories.sharer("ada")
    tracks = connect(
        ada, range(0, 400, 40)
    )  # ten bands of ten songs, of which each tenth is here: one of a band
    with restoring():
        for number in (0, 80, 160):
            LibrarySong.objects.filter(song=f"s{number}").update(moods=["Calm"], genre="")
        LibrarySong.objects.exclude(song__in=["s0", "s80", "s160"]).update(genre="other", year=None)
    plays(ada, [tracks[0]])
    _degraded, nodes = discovered(ada)
    assert {node["item"]["title"] for node in nodes[:2]} == {"Song 80", "Song 160"}
    assert all(is_sum(node) for node in nodes)


def test_what_nobody_played_anything_like_is_not_proposed_and_no_library_is_anybody_elses():
    ada, ben = factories.sharer("ada"), factories.sharer("ben")
    factories.befriended(ada, ben)
    tracks = connect(ada, range(40))
    assert discovered(ada) == ("NO_MODEL", [])
    plays(ben, [tracks[0]])
    assert [node for node in discovered(ben)[1] if node["item"]["title"] != "Song 0"] == []


def test_at_levels_that_use_nothing_of_ones_own_nothing_held_is_proposed():
    ada = factories.sharer("ada")
    tracks = connect(ada, range(40))
    plays(ada, [tracks[0]])
    for level in (PersonalizationLevel.OFF, PersonalizationLevel.BASIC):
        assert len(gathering.gather(ada, ItemKind.TRACK, level=level).held) == 0
    assert len(gathering.gather(ada, ItemKind.TRACK).held) == 40


def test_a_skip_and_an_exclusion_count_as_everywhere():
    ada = factories.sharer("ada")
    tracks = connect(ada, range(400))
    plays(ada, [tracks[0], tracks[10]])
    before = {node["item"]["title"] for node in discovered(ada)[1]}
    assert any(names(int(title.split()[1]))[0] == "Band 0" for title in before)
    taste_exclusion_set(user=ada, thing=Artist.objects.get(name="Band 0"), excluded=True)
    after = {node["item"]["title"] for node in discovered(ada)[1]}
    assert after
    assert not any(names(int(title.split()[1]))[0] == "Band 0" for title in after)


def permitted(ada):
    return gathering.gather(ada, ItemKind.TRACK)


def test_the_columns_add_up_to_the_score_and_without_what_is_cited_it_is_lower():
    ada = factories.sharer("ada")
    tracks = connect(ada, range(400))
    plays(ada, [tracks[0], tracks[1], tracks[200], tracks[30]])
    everything = permitted(ada)
    ranked = held.rank_held(everything, count=30)
    words = held.Words(everything, held.RULES)
    rows = np.searchsorted(everything.held.tracks, ranked.ids)
    assert np.allclose(ranked.scores, words.scores(rows), atol=1e-5)
    assert (np.diff(ranked.scores) <= 1e-6).all()
    strongest = int(ranked.contributions[:, 0].argmax())
    left = everything.where(np.arange(len(everything)) != strongest)
    assert held.Words(left, held.RULES).scores(rows[:1])[0] < ranked.scores[0]
    pages = [held.rank_held(everything, count=10, shown=ranked.ids[:10].tolist()).ids, ranked.ids[10:20]]
    assert pages[0].tolist() == pages[1].tolist()


def test_with_a_model_what_it_learned_is_its_own_to_say():
    ada = factories.sharer("ada")
    tracks = connect(ada, range(40))
    plays(ada, [tracks[0]])
    known = sorted(tracks[number] for number in range(10))
    index = small_index([[1.0, 0.0], [0.0, 1.0]] * 5, ids=known)
    everything = permitted(ada)
    ranked = held.rank_with_held(index, everything, count=39)
    assert set(ranked.ids.tolist()) == set(tracks.values()) - {tracks[0]}
    part, entries = everything.in_index(index)
    learned = ranked.rows >= 0
    scores = index.scores_of(entries, np.sort(ranked.rows[learned]))
    assert np.allclose(np.sort(ranked.scores[learned]), np.sort(scores), atol=1e-5)
    assert len(part) == 1
    without = held.rank_with_held(index, replace(everything, held=gathering.libraries.NOTHING), count=39)
    assert set(without.ids.tolist()) <= set(known)


def test_friends_plays_enter_as_theirs():
    ada, ben = factories.sharer("ada"), factories.sharer("ben")
    factories.befriended(ada, ben)
    tracks = connect(ada, range(40))
    connect(ben, range(40))
    plays(ben, [tracks[0]])
    everything = permitted(ada)
    assert set(everything.channel.tolist()) == {Channel.FRIEND}
    _degraded, nodes = discovered(ada)
    assert nodes
    assert {node["reasons"][0]["kind"] for node in nodes} == {"FRIEND"}
