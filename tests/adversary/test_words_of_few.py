"""Titles, names and words that only few people's plays brought: whoever looks for them without being one of these."""

import json

import pytest

from accounts.models import Purpose, User
from discovery.platform.graphql.node import global_id
from discovery.privacy.erasure import erasure_advance, erasure_request
from graph.models import Artist, ItemKind, ModelVersion, Tag, Track
from graph.services.standing import catalog_sweep, standing_refresh
from graph.services.tags import tags_refresh
from tests import factories
from tests.adversary.attack import Attack, Person, part_of
from tests.discovery.small_index import small_index

pytestmark = pytest.mark.django_db

TITLE, ARTIST, WORD = "Voice memo: what Dr. Ames said", "Memos of Umbrixel", "umbrixelcore"
ENOUGH = 10


@pytest.fixture(autouse=True)
def folders(tmp_path, settings, redis_url):
    settings.EXPORT_DIR = tmp_path / "exports"
    settings.ARTIFACT_DIR = tmp_path / "models"
    settings.ARTIFACT_DIR.mkdir()


class Words(Attack):
    """What ``listeners`` people recorded, looked for by somebody else; the control: by ten, and so everybody's."""

    works = 1.0

    def __init__(self, serve, seeker):
        self.serve, self.seeker = serve, seeker

    def control(self):
        return self.found(ENOUGH)

    def estimate(self):
        return self.found(ENOUGH - 1)

    def found(self, listeners):
        people = [Person(factories.sharer()) for _ in range(listeners)]
        assert all(person.plays(TITLE, ARTIST) for person in people)
        return self.look(people)

    def look(self, people):
        self.trained()
        track, artist = Track.objects.get(title=TITLE), Artist.objects.get(name=ARTIST)
        return self.told(self.seeker(people), global_id("Track", track.pk), global_id("Artist", artist.pk))

    def trained(self):
        """As after a training: what is everybody's now, and a model that knows every item."""
        tags_refresh()
        standing_refresh()
        ids = [*Track.objects.values_list("pk", flat=True)]
        self.serve(ItemKind.TRACK, small_index([[1.0]] * len(ids), ids=ids, prior=[1.0] * len(ids)))

    def told(self, seeker, track, artist):
        """On which part of these surfaces title and name are read."""
        asked = {
            "search": seeker.ask(
                '{ search(text: "voice memo") { edges { node { ... on Track { title } } } } }'
            ),
            "artists": seeker.ask(
                '{ search(text: "memos of", kind: ARTIST) { edges { node { ... on Artist { name } } } } }'
            ),
            "track": seeker.ask(
                f'{{ node(id: "{track}") {{ ... on Track {{ title artist {{ name }} }} }} }}'
            ),
            "artist": seeker.ask(f'{{ node(id: "{artist}") {{ ... on Artist {{ name }} }} }}'),
            "popular": seeker.ask(
                "{ popular(first: 100) { edges { node { item { ... on Track { title } } } } } }"
            ),
        }
        return part_of(
            [
                name
                for name, answer in asked.items()
                if TITLE in json.dumps(answer) or ARTIST in json.dumps(answer)
            ],
            asked,
        )


class OfOneAlone(Words):
    def estimate(self):
        return self.found(1)


class AfterErasure(Words):
    """The last who played it is gone; whoever knew the ids still knows them."""

    def estimate(self):
        (person,) = [Person(factories.sharer())]
        assert person.plays(TITLE, ARTIST)
        ids = [
            global_id(kind, row.pk)
            for kind, row in (
                ("Track", Track.objects.get(title=TITLE)),
                ("Artist", Artist.objects.get(name=ARTIST)),
            )
        ]
        seeker = self.seeker([person])
        key = erasure_request(user=person.user, confirm=person.user.username).pk
        ModelVersion.objects.all().delete()  # as if each had been replaced
        assert erasure_advance(erasure_id=str(key)).state == "CLOSED"
        catalog_sweep()
        assert not Track.objects.filter(title=TITLE).exists()
        assert not Artist.objects.filter(name=ARTIST).exists()
        return self.told(seeker, *ids)


def nobody(_people):
    return Person()


def stranger(_people):
    return Person(factories.sharer())


def friend_without_a_name(people):
    """A friend of theirs who share without a name, two of whom are a friend's friends at most."""
    seeker = factories.sharer()
    for person in people[:2]:
        factories.befriended(seeker, person.user)
        factories.revoke(person.user, Purpose.NAMED)
    return Person(seeker)


def friend_with_whom_they_do_not_share(people):
    seeker = factories.sharer()
    factories.befriended(seeker, *(person.user for person in people))
    for person in people:
        factories.revoke(person.user, Purpose.SOCIAL_OUT)
    return Person(seeker)


SEEKERS = (nobody, stranger, friend_without_a_name, friend_with_whom_they_do_not_share)


@pytest.mark.parametrize(
    ("attack", "seeker"),
    [
        *((OfOneAlone, seeker) for seeker in SEEKERS),
        (Words, stranger),
        (AfterErasure, nobody),
        (AfterErasure, stranger),
    ],
)
def test_words_that_few_brought_are_read_by_nobody_else(serve, attack, seeker):
    attack(serve, seeker).hold()


def test_a_friend_they_share_it_with_by_name_reads_it(serve):
    person, friend = Person(factories.sharer()), Person(factories.sharer())
    factories.befriended(person.user, friend.user)
    assert person.plays(TITLE, ARTIST)
    words = Words(serve, lambda _people: friend)
    assert words.look([person]) == 1.0
    factories.revoke(person.user, Purpose.SOCIAL_OUT)
    assert words.look([person]) == 0.0


class Word(Attack):
    """A word that ten people said of a track, of whom one has withdrawn since."""

    works = 1.0

    def __init__(self, serve, leave):
        self.serve, self.leave = serve, leave

    def control(self):
        return self.shown(lambda _person: None)

    def estimate(self):
        return self.shown(self.leave)

    def shown(self, leave):
        track, people = factories.track("Well Known"), [Person(factories.sharer()) for _ in range(ENOUGH)]
        word = Tag.objects.create(name=WORD)
        for person in people:
            factories.tag(WORD, track, by=person.user)
        Words(self.serve, stranger).trained()
        assert Tag.objects.get(pk=word.pk).standing > 0
        leave(people[0])
        Words(self.serve, stranger).trained()
        seeker = Person(factories.sharer())
        asked = {
            "tags": seeker.ask(
                f'{{ node(id: "{global_id("Track", track.pk)}") {{ ... on Track {{ tags }} }} }}'
            ),
            "artist": seeker.ask(
                '{ search(text: "well known") { edges { node { ... on Track { tags } } } } }'
            ),
        }
        told = [name for name, answer in asked.items() if WORD in json.dumps(answer)]
        if seeker.act("startRadio", tag=WORD):
            told.append("radio")
        return part_of(told, [*asked, "radio"])


def withdraws_contribute(person):
    assert person.act("setConsent", purpose="CONTRIBUTE", granted=False)


def withdraws_everything(person):
    assert person.act("withdrawAllConsent")


def goes(person):
    key = erasure_request(user=User.objects.get(pk=person.user.pk), confirm=person.user.username).pk
    ModelVersion.objects.all().delete()
    erasure_advance(erasure_id=str(key))


@pytest.mark.parametrize("leave", [withdraws_contribute, withdraws_everything, goes])
def test_a_word_of_ten_is_gone_with_the_tenth(serve, leave):
    Word(serve, leave).hold()
