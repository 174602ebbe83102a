"""What each kind of person gets from each field: asked of the whole schema, field by field.

The object of every question is the owner's: their id, their playlist, their requests. The table of what
is expected stands in access.tsv, a line a field: here the roots' own, in `tests.api.reached` all others.
"""

import json
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
)

from accounts.models import ConsentEvent, Friendship, Purpose
from accounts.services.breach import breach_add
from accounts.services.consent import consent_set
from accounts.services.invitation import invitation_create
from discovery.engagement.metrics import MetricKey
from discovery.models import (
    DataExport,
    EngagementReport,
    Experiment,
    ExperimentReport,
    Moment,
    PlaylistPlanKept,
    Room,
    RoomMember,
    SegmentRefusal,
    SocialUse,
)
from discovery.platform.graphql.node import global_id
from discovery.schema import schema
from discovery.segments.kinds import SegmentKind
from discovery.together import activity
from graph.models import (
    Community,
    Feedback,
    FeedbackKind,
    History,
    HistoryRow,
    ItemKind,
    ItemRecommendation,
    LibraryAccount,
    LibrarySong,
    ModelEvent,
    ModelVersion,
    Naming,
    Playlist,
    PlaylistEntry,
)
from tests import factories
from tests.api.client import App

TABLE = Path(__file__).with_name("access.tsv")
ROLES = ("anonymous", "stranger", "friend", "blocked", "owner", "staff")
ROOTS = ("Query", "Viewer", "Mutation")
SUBSCRIPTION = "Subscription"  # on another path: tests/discovery/realtime/test_access.py has their table
EVERYBODYS = {
    "Track",
    "Artist",
    "Community",
    "Friend",
    "ModelVersion",
    "Tag",
}  # ids that are not the owner's alone


class World:
    """An owner who cannot be found, and one person in each relation to them."""

    def __init__(self):
        self.owner = factories.sharer("owner")
        self.owner.consents.filter(purpose=Purpose.DISCOVERABLE).delete()
        self.people = {"anonymous": None, "owner": self.owner}
        for role in ("stranger", "friend", "blocked", "staff"):
            self.people[role] = factories.sharer(role)
            factories.listens(self.people[role], factories.track())
        for user in filter(None, self.people.values()):
            SegmentRefusal.objects.create(user=user, segment=SegmentKind.EXPLORER)
            factories.answered(user, Purpose.CALENDAR)
            moment = {"starts_at": timezone.now(), "ends_at": timezone.now() + timedelta(hours=2)}
            Moment.objects.create(user=user, label="WORK", purpose=Purpose.CALENDAR, **moment)
        report = EngagementReport.objects.create(week="2026-01-05", smallest=10)
        report.figures.create(metric=MetricKey.SKIP_SHARE, people=10, value=0.2, low=0.1, high=0.3)
        type(self.owner).objects.filter(pk=self.people["staff"].pk).update(is_staff=True)
        factories.befriended(self.owner, self.people["friend"])
        self.people["friend"].display_name = "Shared"  # what every `text` here looks for
        self.people["friend"].save()
        factories.blocked(self.owner, self.people["blocked"])
        self.apps = {role: App(user) for role, user in self.people.items()}
        self.child = factories.listener(
            "child", is_minor=True, guardian=self.owner, display_name="Child of theirs"
        )
        concerned = type(self.owner).objects.filter(pk=self.owner.pk)
        breach_add(what="A leak", happened_at=timezone.now(), people=concerned)
        self.ids = self._objects()

    def _objects(self):
        """One object of each Node type, the owner's where it is anybody's; global ids by type."""
        owner, friend = self.owner, self.people["friend"]
        track, now = factories.track("Shared"), timezone.now()
        (listen,) = factories.listens(owner, track, at=now)
        playlist = Playlist.objects.create(owner=owner, title="Mine", created_at=now, updated_at=now)
        entry = PlaylistEntry.objects.create(
            playlist=playlist, track=track, position=0, added_by=owner, added_at=now
        )
        PlaylistPlanKept.objects.create(
            playlist=playlist, user=owner, grammar="tag:(shared)", version=1, refreshed_at=now
        )
        asker = factories.sharer("asker")
        request = Friendship.objects.get(pk=factories.requested(asker, owner).pk)
        consent_set(user=owner, purpose=Purpose.EXPERIMENT, granted=True)
        event = ConsentEvent.objects.get(subject=owner.pseudonym)
        sent = ItemRecommendation.objects.create(
            sender=owner, recipient=friend, track=track, sent_at=timezone.now()
        )
        use = SocialUse.objects.create(source=owner, recipient=friend, day=timezone.now().date(), named=False)
        room = Room.objects.create(kind=ItemKind.TRACK)
        RoomMember.objects.create(room=room, user=owner, joined_at=timezone.now())
        figure = {"name": "credits a session", "a": 1.0, "b": 2.0, "difference": 1.0, "low": 0.5, "high": 1.5}
        estimate = {"name": "snips", "logged": 0.5, "value": 0.5, "low": 0.4, "high": 0.6, "choices": 900}
        experiment = Experiment.objects.create(
            name="calmer", kind="INTERLEAVING", arm_a={}, arm_b={"prior": 0.5}, salt="", started_at=now,
        )  # fmt: skip
        ExperimentReport.objects.create(
            experiment=experiment, at=now,
            figures={
                "too_few": False, "people": 12, "sessions": 90, "evidence": 30.0, "verdict": "B", "breached": "skips a session",
                "sample_ratio": 0.5, "figures": [figure], "radio": [estimate],
            },
        )  # fmt: skip
        handed_in = History.objects.create(
            user=owner,
            asked_at=now,
            state=History.State.FAILED,
            format="SPOTIFY",
            error="GIVEN_UP",
            finished_at=now,
        )
        HistoryRow.objects.create(
            user=owner,
            history=handed_in,
            part=1,
            first=1,
            last=2,
            outcome="REFUSED",
            code="BROKEN",
            field="ts",
        )
        invitation, _secret = invitation_create(user=owner, befriends=True)
        library = LibraryAccount.objects.create(
            user=owner, url="http://music.example", username="owner", name="music", state=LibraryAccount.State.FAILED,
            error="LIBRARY_UNREACHABLE", read_at=now,
        )  # fmt: skip
        naming = Naming.objects.create(title=track.title, artist_name=track.artist.name, digest="shared")
        LibrarySong.objects.create(
            account=library, user=owner, naming=naming, track=track, song="1", cover="1"
        )
        rows = {
            "Invitation": invitation, "Library": library, "Import": handed_in, "Listener": owner, "Track": track, "Artist": track.artist, "Listen": listen, "Playlist": playlist,
            "PlaylistEntry": entry, "FriendRequest": request, "ConsentEvent": event, "ItemRecommendation": sent,
            "SocialUse": use, "Room": room, "Friend": friend, "Device": owner.devices.get(),
            "Activity": activity.Activity(listen.pk, activity.ActivityKind.PLAYED, owner, track, now), "Viewer": owner,
            "Tag": factories.tag("shared", track).tag, "Child": self.child, "DataExport": DataExport.objects.create(user=owner),
            "Community": Community.objects.create(
                name="Jazz", tags=["jazz"], size=10, artists=[track.artist_id], data_hash="", ledger_position=0
            ),
            "ModelVersion": _model(now),
            "Feedback": Feedback.objects.create(user=owner, track=track, kind=FeedbackKind.HIDE, given_at=now),
        }  # fmt: skip
        return {
            name: global_id("Listener" if name == "Friend" else name, row.pk) for name, row in rows.items()
        }

    def ask(self, role, query, variables):
        """The whole answer; what the question changed is taken back."""
        with transaction.atomic():
            answer = self.apps[role].ask(query, **variables)
            transaction.set_rollback(True)
        return answer

    def tells_of_owner(self, value):
        """Whether a part of an answer holds the owner's name, or the id of anything that is the owner's."""
        told = json.dumps(value)
        marks = {key for name, key in self.ids.items() if name not in EVERYBODYS}
        return any(mark in told for mark in {*marks, self.owner.display_name, f'"{self.owner.username}"'})

    def outcome(self, role, operation):
        """``ok``, ``null``, or the code of the refusal; what the question changed is taken back."""
        answer = self.ask(role, *operation)
        if "errors" in answer:
            return answer["errors"][0]["extensions"]["code"]
        value = answer["data"]
        while isinstance(value, dict) and "__typename" not in value:
            (value,) = value.values()
        if isinstance(value, dict) and value["__typename"] == "OperationInfo":
            return value["messages"][0]["code"]
        return "null" if value is None else "ok"


def _model(now):
    """The one that serves, of which there is a line in the audit."""
    version = ModelVersion.objects.create(
        state=ModelVersion.State.ACTIVE, share=0.5, data_hash="", ledger_position=0, config={}, metrics={}
    )
    ModelEvent.objects.create(
        model=version.pk, was="SHADOW", became="ACTIVE", who="clock", why="its turn", at=now
    )
    return version


# What is answered to staff alone, so that nothing is reached by it that others lead to as well.
STAFFS = {"Query.modelVersions"}

# What stands for an argument: by its name, else by its type.
BY_NAME = {
    "listenerId": "Listener", "with": "Listener", "requestId": "FriendRequest", "playlistId": "Playlist",
    "entryId": "PlaylistEntry", "itemId": "Track", "trackId": "Track", "recommendationId": "ItemRecommendation",
    "seedId": "Track", "roomId": "Room", "libraryId": "Library",
}  # fmt: skip
ID_OF = {
    "Mutation.excludeFromTaste.id": "Playlist", "Mutation.revokeDevice.id": "Device", "Mutation.revokeInvitation.id": "Invitation", "Mutation.correctListen.id": "Listen", "Mutation.undoImport.id": "Import", "Mutation.disconnectLibrary.id": "Library", "Mutation.refreshLibrary.id": "Library", "Mutation.deleteListens.ids": "Listen", "Query.room.id": "Room", "Mutation.sharePlaylist.listenerId": "Friend",
    "Mutation.promoteModel.id": "ModelVersion", "Mutation.stopModel.id": "ModelVersion",
}  # fmt: skip
ALSO_GIVEN = {
    "Mutation.updateProfile.displayName",
    "Mutation.deleteListens.ids",
}  # of what may be left out, but not all at once
ENUM_OF = {"role": "VIEWER", "scopes": "DISCOVER"}
TEXTS = {
    "confirm": "owner", "text": "shared", "title": "A title", "name": "phone", "current": "", "new": "", "handle": "other",
    "timeZone": "UTC",
}  # fmt: skip


def lines(ids):
    """{line of the table: (query, variables)} of the roots' fields, and of one node of each type."""
    types = schema._schema.type_map
    found = {
        f"node {name}": (f'{{ node(id: "{key}") {{ __typename }} }}', {}) for name, key in sorted(ids.items())
    }
    for name in ROOTS:
        for field, each in sorted(types[name].fields.items()):
            found[f"{name}.{field}"] = operation(name, field, each, ids)
    return found


def reached_types():
    """Names of the object types behind the roots."""
    return [
        name for name, kind in sorted(schema._schema.type_map.items())
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__") and name not in (*ROOTS, SUBSCRIPTION)
    ]  # fmt: skip


def operation(root, name, field, ids):
    given = {
        arg: value(f"{root}.{name}", arg, each.type, ids)
        for arg, each in field.args.items()
        if isinstance(each.type, GraphQLNonNull) or f"{root}.{name}.{arg}" in ALSO_GIVEN
    }
    declared = ", ".join(f"${arg}: {field.args[arg].type}" for arg in given)
    passed = ", ".join(f"{arg}: ${arg}" for arg in given)
    call = name + (f"({passed})" if given else "") + selection(field.type)
    body = f"viewer {{ {call} }}" if root == "Viewer" else call
    kind = "mutation" if root == "Mutation" else "query"
    return f"{kind} asked{f'({declared})' if given else ''} {{ {body} }}", given


def selection(kind):
    kind = get_named_type(kind)
    if isinstance(kind, GraphQLUnionType):
        return " { __typename ... on OperationInfo { messages { code } } }"
    return " { __typename }" if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) else ""


def value(place, name, kind, ids):
    """A value that is well-formed, about the owner."""
    kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if isinstance(kind, GraphQLList):
        return [value(place, name, kind.of_type, ids)]
    if isinstance(kind, GraphQLEnumType):
        return ENUM_OF.get(name) or next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        fields = {field: each for field, each in kind.fields.items() if isinstance(each.type, GraphQLNonNull)}
        given = {field: value(place, field, each.type, ids) for field, each in fields.items()}
        play = {
            "source": "app",
            "sourceId": "1",
            "listenedAt": "2026-01-01T00:00:00Z",
            "trackId": ids["Track"],
        }
        return given | (play if "trackId" in kind.fields else {})
    return {
        "ID": ids[ID_OF.get(f"{place}.{name}") or BY_NAME.get(name, "Listener")],
        "Boolean": True, "Int": 1 if name == "first" else 0, "Float": 0.5,
        "DateTime": "2026-01-01T00:00:00Z", "String": TEXTS.get(name, "text"),
    }[kind.name]  # fmt: skip


def table_read():
    rows = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]]
    return {place: tuple(cells) for place, *cells in rows}


def table_write(table):
    rows = ["\t".join(("field", *ROLES)), *("\t".join((place, *cells)) for place, cells in table.items())]
    TABLE.write_text("\n".join(rows) + "\n", encoding="utf-8")
