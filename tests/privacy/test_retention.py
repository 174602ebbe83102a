"""Every stated period is enforced by the clock: for each line, what is older goes and what is younger stays."""

import os
from datetime import timedelta
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, RefreshToken

from accounts.intake import restoring
from accounts.invitations import Invitation
from accounts.models import (
    ConsentEvent,
    Device,
    DeviceScope,
    ErasedIdentity,
    Friendship,
    LedgerHead,
    LedgerTombstone,
    LinkChange,
    Purpose,
    RepeatableCall,
    User,
)
from accounts.policies import played_in_private
from accounts.services.audit import ledger_verify
from accounts.services.consent import consent_set
from accounts.services.invitation import LONGEST
from accounts.services.ledger import event_hash
from accounts.services.ledger_head import ledger_head_publish
from accounts.services.private_session import private_session_end, private_session_start
from accounts.services.token import token_create
from discovery.models import (
    DataExport,
    DeviceReport,
    Erasure,
    Experiment,
    ExposedItem,
    Exposure,
    Moment,
    RadioChoice,
    Room,
    RoomMember,
    SocialUse,
)
from discovery.privacy.retention import RULES, retention_enforce
from discovery.radio import store
from discovery.radio.session import Radio, SeedKind
from graph.models import FriendNews, History, HistoryRow, ItemKind, TrainingRun
from graph.services.uploads import upload_path, upload_store
from tasks.privacy import privacy_expire
from tests import factories
from tests.accounts.test_ledger import Unguarded

pytestmark = pytest.mark.django_db


def aged(row, **moments):
    type(row).objects.filter(pk=row.pk).update(**moments)
    return row.pk


def chain_of_somebody_gone(since):
    """A chain of two lines, the last of that moment."""
    subject = uuid4()
    with_lines = factories.listener()
    for purpose in (Purpose.SELF, Purpose.NAMED):
        consent_set(user=with_lines, purpose=purpose, granted=True)
    previous = ""
    with Unguarded() as cursor:
        for event in ConsentEvent.objects.filter(subject=with_lines.pseudonym).order_by("pk"):
            event.subject, event.occurred_at, event.previous_hash = subject, since, previous
            event.event_id = uuid4()
            previous = event.hash = event_hash(event)
            cursor.execute("DELETE FROM accounts_consentevent WHERE id = %s", [event.pk])
            event.pk = None
            event.save(force_insert=True)
    with_lines.delete()
    return subject


def social_use(since):
    one, other = factories.listener(), factories.listener()
    row = SocialUse.objects.create(source=one, recipient=other, day=since.date(), named=False)
    return lambda: SocialUse.objects.filter(pk=row.pk).exists()


def radio_choices(since):
    row = RadioChoice.objects.create(
        user=factories.listener(), radio=uuid4().hex, step=0, item_kind="TRACK", item_id=1, source=0,
        propensity=1.0, arm_propensity=1.0, features=[],
    )  # fmt: skip
    key = aged(row, chosen_at=since)
    return lambda: RadioChoice.objects.filter(pk=key).exists()


def exposure(since):
    """Of somebody who is in experiments; of others nothing is left at any age."""
    experiment, _ = Experiment.objects.get_or_create(
        name="calmer", defaults={"kind": "AB", "arm_a": {}, "arm_b": {}, "started_at": since}
    )
    user = factories.answered(factories.listener(), Purpose.RECORD, Purpose.EXPERIMENT)
    return {"user": user, "experiment": experiment, "day": since.date(), "shown_at": since}


def exposures(since):
    row = Exposure.objects.create(
        **exposure(since), answers=1, degraded_a=0, degraded_b=0, seconds_a=0.0, seconds_b=0.0
    )
    return lambda: Exposure.objects.filter(pk=row.pk).exists()


def moments(since):
    """Of somebody who permits it; of others nothing is left at any age."""
    user = factories.answered(factories.listener(), Purpose.CALENDAR)
    begun = since - timedelta(hours=1)
    row = Moment.objects.create(user=user, label="RUN", purpose="CALENDAR", starts_at=begun, ends_at=since)
    return lambda: Moment.objects.filter(pk=row.pk).exists()


def exposed_items(since):
    row = ExposedItem.objects.create(**exposure(since), item_kind="TRACK", item_id=1, team="A")
    return lambda: ExposedItem.objects.filter(pk=row.pk).exists()


def rooms(since):
    room = Room.objects.create(kind="TRACK")
    RoomMember.objects.create(room=room, user=factories.listener(), joined_at=since)
    key = aged(room, touched_at=since)
    return lambda: Room.objects.filter(pk=key).exists()


def private_sessions(since):
    """The last one, and one before a later one."""
    last, earlier = factories.listener(), factories.listener()
    begun = since - timedelta(hours=1)
    aged(last, private_from=begun, private_until=since)
    aged(earlier, private_from=begun, private_until=since)
    private_session_start(user=earlier)
    private_session_end(user=earlier)

    def known():
        people = [User.objects.get(pk=user.pk) for user in (last, earlier)]
        (same,) = {played_in_private(user, begun + timedelta(minutes=5)) for user in people}
        return same

    return known


def friend_requests(since):
    row = factories.requested(factories.listener(), factories.listener())
    key = aged(row, requested_at=since)
    return lambda: Friendship.objects.filter(pk=key).exists()


def export_files(since):
    row = DataExport.objects.create(
        user=factories.listener(), state=DataExport.State.READY, expires_at=since + timedelta(days=7)
    )
    return lambda: DataExport.objects.get(pk=row.pk).state == DataExport.State.READY


def exports(since):
    row = DataExport.objects.create(user=factories.listener(), state=DataExport.State.EXPIRED)
    key = aged(row, requested_at=since)
    return lambda: DataExport.objects.filter(pk=key).exists()


def uploads(since):
    """One that nothing reads; one that waits to be read stays, however old."""
    user = factories.sharer()
    unused, waits = (upload_path(user, upload_store(user=user, pieces=[b"x"])) for _ in range(2))
    History.objects.create(user=user, upload=waits.stem, asked_at=since)
    for path in (unused, waits):
        os.utime(path, (since.timestamp(), since.timestamp()))

    def known():
        assert waits.exists()
        return unused.exists()

    return known


def import_rows(since):
    """The verdicts; that there was an import stays."""
    history = History.objects.create(user=factories.listener(), asked_at=since, state=History.State.DONE)
    row = HistoryRow.objects.create(
        user=history.user, history=history, part=1, first=1, last=1, outcome="REFUSED"
    )

    def known():
        assert History.objects.filter(pk=history.pk).exists()
        return HistoryRow.objects.filter(pk=row.pk).exists()

    return known


def sessions(since):
    row = Session.objects.create(
        session_key=uuid4().hex, session_data="", expire_date=since + timedelta(days=14)
    )
    return lambda: Session.objects.filter(pk=row.pk).exists()


def tokens(since):
    """One by itself, and one that can be renewed."""
    user, until = factories.listener(), since + RULE["tokens"].kept
    app, _ = Application.objects.get_or_create(
        name="app", client_type="public", authorization_grant_type="password"
    )
    access = [AccessToken.objects.create(user=user, token=uuid4().hex, expires=until) for _ in range(2)]
    refresh = RefreshToken.objects.create(
        user=user, token=uuid4().hex, application=app, access_token=access[1]
    )
    aged(refresh, created=since)

    def known():
        left = AccessToken.objects.filter(user=user).count() + RefreshToken.objects.filter(user=user).count()
        assert left in {0, 3}
        return left == 3

    return known


def devices(since):
    """A token, with its line among what somebody is signed in with."""
    device, _secret = token_create(user=factories.listener(), name="phone", scopes=[DeviceScope.DISCOVER])
    aged(device.token, expires=since + RULE["devices"].kept)
    key = aged(device, expires_at=since + RULE["devices"].kept)
    return lambda: (
        Device.objects.filter(pk=key).exists() and AccessToken.objects.filter(pk=device.token_id).exists()
    )


def ledger(since):
    subject = chain_of_somebody_gone(since)
    Erasure.objects.create(subject=subject, state=Erasure.State.CLOSED, closed_at=since)
    return lambda: ConsentEvent.objects.filter(subject=subject).exists()


def erasures(since):
    row = Erasure.objects.create(subject=uuid4(), state=Erasure.State.CLOSED, closed_at=since)
    return lambda: Erasure.objects.filter(pk=row.pk).exists()


def erased_identities(since):
    row = ErasedIdentity.objects.create(digest=uuid4().hex)
    key = aged(row, erased_at=since)
    return lambda: ErasedIdentity.objects.filter(pk=key).exists()


def staff_log(since):
    row = LogEntry.objects.create(user=factories.listener(), action_flag=2, action_time=since)
    return lambda: LogEntry.objects.filter(pk=row.pk).exists()


def link_changes(since):
    row = LinkChange.objects.create(person=factories.listener().pk, mark=1, at=since)
    return lambda: LinkChange.objects.filter(pk=row.pk).exists()


def repeats(since):
    row = RepeatableCall.objects.create(
        user=factories.listener(), key="k", said="s", answer=[1], day=since.date()
    )
    return lambda: RepeatableCall.objects.filter(pk=row.pk).exists()


def device_reports(since):
    row = DeviceReport(user=factories.listener(), day=since.date())
    with restoring():
        row.save()
    return lambda: DeviceReport.objects.filter(pk=row.pk).exists()


def news(since):
    key = aged(FriendNews.objects.create(user=factories.listener(), listens=[1]), made_at=since)
    return lambda: FriendNews.objects.filter(pk=key).exists()


def invitations(since):
    row = Invitation.objects.create(
        digest=uuid4().hex,
        made_by=factories.listener(),
        befriends=True,
        uses_left=1,
        expires_at=since + LONGEST,
    )
    return lambda: Invitation.objects.filter(pk=row.pk).exists()


def unconfirmed(since):
    """Beside one whose address was shown to be theirs, and one that was signed in to."""
    fields = {"verified": {}, "came_in": {"last_login": since}, "never": {}}
    people = {name: factories.listener(date_joined=since, **more) for name, more in fields.items()}
    for name, user in people.items():
        address = f"{user.username}@example.org"
        EmailAddress.objects.create(user=user, email=address, verified=name == "verified", primary=True)

    def there():
        left = {name for name, user in people.items() if User.objects.filter(pk=user.pk).exists()}
        assert left >= {"verified", "came_in"}
        return "never" in left

    return there


def training_runs(since):
    row = TrainingRun.objects.create(key=uuid4().hex, holder="a", heartbeat_at=since, ended_at=since)
    return lambda: TrainingRun.objects.filter(pk=row.pk).exists()


MADE = {
    made.__name__: made
    for made in (
        social_use, radio_choices, exposures, exposed_items, moments, rooms, private_sessions, friend_requests, export_files, exports, uploads, import_rows, sessions, tokens,
        devices, ledger, erasures, erased_identities, staff_log, link_changes, repeats, device_reports, news, invitations, unconfirmed, training_runs,
    )
}  # fmt: skip
RULE = {rule.name: rule for rule in RULES}


def test_every_line_has_its_case():
    assert {rule.name for rule in RULES if rule.end is not None} == MADE.keys()
    assert {rule.name for rule in RULES if rule.end is None} == {"radios"}  # the next test


def test_redis_ends_radios_by_itself(redis_url):
    user = factories.listener()
    store.radio_save(user=user, radio=Radio(uuid4().hex, user.pk, ItemKind.TRACK, SeedKind.NOTHING, 0, 0.0))
    (key,) = store.client().keys("earshot:radio:*")
    assert 0 < store.client().ttl(key) <= RULE["radios"].kept.total_seconds()


@pytest.mark.parametrize("name", MADE)
def test_what_is_older_goes_and_what_is_younger_stays(name, settings, tmp_path):
    settings.EXPORT_DIR, settings.UPLOAD_DIR = tmp_path, tmp_path / "uploads"
    now, kept = timezone.now(), RULE[name].kept
    older, younger = (
        MADE[name](now - kept - timedelta(days=1)),
        MADE[name](now - kept + min(timedelta(days=1), kept / 2)),
    )
    assert (older(), younger()) == (True, True)
    privacy_expire()
    assert (older(), younger()) == (False, True)
    assert retention_enforce().get(name) == 0


class TestTheLedgersEnd:
    @pytest.fixture
    def ended(self, django_capture_on_commit_callbacks):
        """Somebody long gone, somebody lately gone and somebody here, under a head."""
        long_ago = timezone.now() - timedelta(days=1200)
        gone, lately = chain_of_somebody_gone(long_ago), chain_of_somebody_gone(timezone.now())
        consent_set(user=factories.listener("ada"), purpose=Purpose.SELF, granted=True)
        with django_capture_on_commit_callbacks(execute=True):
            ledger_head_publish()
        return gone, lately

    def test_old_heads_verify_without_the_lines_and_nothing_of_them_is_left(
        self, ended, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            privacy_expire()
        assert ConsentEvent.objects.count() == 3
        assert LedgerTombstone.objects.count() == 2
        assert not LedgerTombstone.objects.filter(chain__contains=str(ended[0])[:8]).exists()
        assert LedgerHead.objects.latest("number").document["lines"] == 5
        call_command("ledger_verify")

    def test_an_erasure_under_way_keeps_its_lines(self, ended):
        Erasure.objects.create(subject=ended[0], state=Erasure.State.PURGED)
        privacy_expire()
        assert ConsentEvent.objects.filter(subject=ended[0]).count() == 2

    def test_none_goes_while_the_ledger_does_not_verify(self, ended):
        with Unguarded() as cursor:
            cursor.execute("UPDATE accounts_consentevent SET channel = 'x' WHERE subject = %s", [ended[1]])
        privacy_expire()
        assert ConsentEvent.objects.filter(subject=ended[0]).count() == 2

    def test_a_line_goes_for_no_other_reason(self, ended):
        """Neither without what must stay of it, nor before its time, nor while its person is here."""
        lines = [ConsentEvent.objects.filter(subject=subject).first() for subject in ended]
        for line, kept in ((lines[0], False), (lines[1], True)):
            if kept:
                LedgerTombstone.objects.create(position=line.pk, chain="x", hash=line.hash, head=2)
            with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
                line.delete()
        User.objects.create(username="back", pseudonym=ended[0])
        LedgerTombstone.objects.create(position=lines[0].pk, chain="x", hash=lines[0].hash, head=2)
        if connection.vendor == "postgresql":
            with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
                ConsentEvent.objects.filter(pk=lines[0].pk).delete()
        privacy_expire()
        assert ConsentEvent.objects.filter(subject=ended[0]).count() == 2
        assert any("removed without a head" in problem for problem in ledger_verify())
