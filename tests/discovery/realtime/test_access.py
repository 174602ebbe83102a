"""Every subscription × who asks has an expected outcome, as every other field has in tests/api/access.tsv."""

import pytest
from django.utils import timezone

from accounts.services.token import token_issue
from discovery.platform.events import viewer_channel
from discovery.radio.services import radio_start
from discovery.radio.session import SeedKind, public_id
from discovery.schema import schema
from graph.ingest.incoming import IncomingPlay
from graph.models import TrainingRun
from graph.services.listening import listens_record
from tests import factories
from tests.api.access import ROLES, World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

ASKED = {
    "friendActivity": "subscription { friendActivity { listener { handle } } }",
    "radioQueue": "subscription ($radio: ID!) { radioQueue(radioId: $radio) { step } }",
    "roomQueue": "subscription ($room: ID!) { roomQueue(roomId: $room) { step } }",
    "rooms": "subscription { rooms { id } }",
    "trainingProgress": "subscription { trainingProgress { state } }",
}
# Of what is the owner's. By role: anonymous, stranger, friend, blocked, owner, staff.
EXPECTED = {
    "friendActivity": ("refused", "silent", "told", "silent", "silent", "silent"),
    "radioQueue": ("refused", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "told", "NOT_FOUND"),
    "roomQueue": ("refused", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "told", "NOT_FOUND"),
    "rooms": ("refused", "nothing", "nothing", "nothing", "told", "nothing"),
    "trainingProgress": ("refused", "NOT_ALLOWED", "NOT_ALLOWED", "NOT_ALLOWED", "NOT_ALLOWED", "told"),
}


def test_every_subscription_has_an_expected_outcome():
    fields = schema._schema.subscription_type.fields
    assert set(fields) == set(EXPECTED) == set(ASKED)


@pytest.mark.parametrize("field", EXPECTED)
def test_everybody_hears_what_the_table_says(live, field):
    world = World()
    TrainingRun.objects.create(key="shown", heartbeat_at=timezone.now())
    radio = radio_start(viewer=world.owner, seed_kind=SeedKind.NOTHING).radio
    ids = {"radio": public_id(radio), "room": world.ids["Room"]}
    sockets = [asking(live, world.people[role], field, ids) for role in ROLES]
    if field == "friendActivity":
        for role in ROLES[1:]:
            live.heard_by(viewer_channel(world.people[role].pk), 1)
        listens_record(user=world.owner, plays=[play_now()])
    assert tuple(outcome(socket) for socket in sockets) == EXPECTED[field]


def asking(live, user, field, ids):
    socket = live.subscriber(token_issue(user=user) if user else None)
    if socket.refused is None:
        socket.subscribe(
            ASKED[field], **{name: value for name, value in ids.items() if f"${name}" in ASKED[field]}
        )
    return socket


def outcome(socket):
    if socket.refused is not None:
        return "refused"
    try:
        message = socket.receive(seconds=2)
    except TimeoutError:
        return "silent"
    if errors := message["payload"] if message["type"] == "error" else message["payload"].get("errors"):
        return errors[0]["extensions"]["code"]
    (value,) = message["payload"]["data"].values()
    return "told" if value else "nothing"


def play_now():
    return IncomingPlay(
        source="test", source_id="1", track=factories.track("News").pk, listened_at=timezone.now()
    )
