"""What is kept as a reference: whoever waits for it to be dressed in what is new since they were shut out."""

import json
import zipfile

import pytest

from accounts.models import User
from discovery.models import DataExport
from discovery.platform.graphql.node import global_id
from discovery.privacy.export import data_export_build
from tests import factories
from tests.adversary.attack import QUEUE, Attack, part_of

pytestmark = pytest.mark.django_db

MARK = "Umbrixel at the clinic"  # what is written only after the door is shut
QUESTIONS = {
    "exclusions": "{ viewer { privacy { exclusions { id ... on Playlist { title owner { handle } } } } } }",
    "playlists": "{ viewer { playlists { edges { node { title owner { handle } collaborators { listener { handle displayName } }"
    " entries { edges { node { addedBy { handle displayName } track { title } } } } } } } } }",
    "received": "{ viewer { recommendationsReceived { edges { node { note sender { handle displayName } } } } } }",
    "sent": "{ viewer { recommendationsSent { edges { node { note recipient { handle displayName } } } } } }",
    "rooms": "{ viewer { rooms { title host { handle displayName } invitedBy { handle displayName } } } }",
    "friends": "{ viewer { friends { edges { node { handle displayName } } } friendRequests { edges { node { __typename } } } } }",
    "shownTo": "{ viewer { shownTo { edges { node { recipient { handle displayName } } } } } }",
    "activity": "{ viewer { activity { edges { node { listener { handle displayName } item { ... on Track { title } } } } } } }",
}


@pytest.fixture(autouse=True)
def export_dir(tmp_path, settings):
    settings.EXPORT_DIR = tmp_path / "exports"


class Reference(Attack):
    """Ben gave Ann all that one gives to a friend, and shuts her out. What he writes after that, she looks for.

    The control: he does not shut her out.
    """

    works = 0.5  # of the places where she looks: not in every one stands something new

    def __init__(self, street, door):
        self.street, self.door = street, door
        self.ann, self.ben = street.mallory, street.prey
        street.befriended(self.ben)
        self.given()

    def given(self):
        ann, ben = self.ann, self.ben
        made = {"title": "Together"}
        self.theirs, self.hers = (
            person.told("createPlaylist", "{ ... on Playlist { id } }", input=made)["id"]
            for person in (ben, ann)
        )
        assert ben.act("sharePlaylist", playlistId=self.theirs, listenerId=ann.id, role="VIEWER")
        assert ann.act("sharePlaylist", playlistId=self.hers, listenerId=ben.id, role="EDITOR")
        assert ben.act("addToPlaylist", playlistId=self.hers, trackId=self.street.common)
        assert ann.act("excludeFromTaste", id=self.theirs, excluded=True)
        assert ben.act("recommendItem", itemId=self.street.common, listenerId=ann.id, note="for you")
        assert ann.act("recommendItem", itemId=self.street.common, listenerId=ben.id, note="for you")
        self.room = ben.told("createRoom", "{ ... on Room { id } }", title="Tonight", **{"with": [ann.id]})[
            "id"
        ]
        ben.data("{ viewer { fromFriends { edges { node { score } } } } }")  # so that she is told of it

    def control(self):
        return self.mount()

    def estimate(self):
        assert self.door(self.ben, self.ann)
        return self.mount()

    def mount(self):
        """On which part of the surfaces something stands that Ben wrote after that."""
        track = factories.track(MARK)
        User.objects.filter(pk=self.ben.user.pk).update(display_name=MARK)
        assert self.ben.act("renamePlaylist", playlistId=self.theirs, title=MARK)
        assert self.ben.act("addToPlaylist", playlistId=self.theirs, trackId=global_id("Track", track.pk))
        answers = {name: self.ann.ask(question) for name, question in QUESTIONS.items()}
        answers |= {
            "playlist": self.ann.ask(f'{{ node(id: "{self.theirs}") {{ ... on Playlist {{ title }} }} }}'),
            "ben": self.ann.ask(f'{{ node(id: "{self.ben.id}") {{ ... on Listener {{ displayName }} }} }}'),
            "room": self.ann.ask(
                f'{{ room(id: "{self.room}") {{ title members {{ listener {{ displayName }} }} }} }}'
            ),
            "export": self.exported(),
        }
        return part_of([name for name, answer in answers.items() if MARK in json.dumps(answer)], answers)

    def exported(self):
        export = data_export_build(export_id=str(DataExport.objects.create(user=self.ann.user).pk))
        with zipfile.ZipFile(export.path) as file:
            return " ".join(file.read(name).decode(errors="replace") for name in file.namelist())


class Preview(Reference):
    """How many of her plays a playlist holds that she may not look into any more: its tracks, one question each."""

    works = 1.0

    def mount(self):
        assert self.ben.act("addToPlaylist", playlistId=self.theirs, trackId=self.street.common)
        assert self.ann.told("recordListens", "{ __typename }", input=[{
            "source": "app", "sourceId": "1", "trackId": self.street.common, "listenedAt": "2026-01-01T00:00:00Z", "msPlayed": 180_000,
        }])["__typename"] == "RecordedListens"  # fmt: skip
        self.ann.act("excludeFromTaste", id=self.theirs, excluded=False)
        told = self.ann.ask(f'{{ viewer {{ previewRemoval(id: "{self.theirs}") {{ signals }} }} }}')
        viewer = (told["data"] or {}).get("viewer") or {}
        return float(viewer.get("previewRemoval", {}).get("signals", 0) > 0)


class Filled(Reference):
    """Ben fills a playlist that she excluded, to reach into what she is shown: her own play of it counts no more."""

    works = 1.0

    def mount(self):
        near = factories.listens(self.ann.user, self.street.tracks["stranger"][0], 3)
        before = self.ann.scores()
        assert self.ben.act(
            "addToPlaylist", playlistId=self.theirs, trackId=global_id("Track", near[0].track_id)
        )
        return float(self.ann.scores() != before)


class Door(Reference):
    """He invites her again, is a seed again, gets her votes: whatever names him by his id."""

    works = 0.6

    def mount(self):
        seed = self.ann.told("startRadio", QUEUE, seedId=self.ben.id)
        asked = {
            "seed": bool(seed.get("now")),
            "join": self.ann.act("joinRoom", roomId=self.room),
            "invited": self.ben.act("inviteToRoom", roomId=self.room, listenerId=self.ann.id),
            "recommended": self.ben.act(
                "recommendItem", itemId=self.street.common, listenerId=self.ann.id, note=MARK
            ),
            "shared": self.ben.act(
                "sharePlaylist", playlistId=self.theirs, listenerId=self.ann.id, role="EDITOR"
            ),
            "edited": self.ben.act("addToPlaylist", playlistId=self.hers, trackId=self.street.common),
        }
        return part_of([name for name, done in asked.items() if done], asked)


def blocks(ben, ann):
    return ben.act("block", listenerId=ann.id)


def is_blocked(ben, ann):
    return ann.act("block", listenerId=ben.id)


def ends(ben, ann):
    """Who can be found is still found, and so still named; but nothing that friends give each other."""
    return ben.act("endFriendship", listenerId=ann.id)


@pytest.mark.parametrize("door", [blocks, is_blocked])
@pytest.mark.parametrize("attack", [Reference, Preview, Filled, Door])
def test_nothing_new_comes_through_an_old_reference(street, attack, door):
    attack(street, door).hold()


@pytest.mark.parametrize("attack", [Preview, Filled, Door])
def test_nor_where_a_friendship_only_ended(street, attack):
    attack(street, ends).hold()
