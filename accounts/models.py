"""People: who they are, whom they know, and what they allow."""

import uuid
from typing import Any, ClassVar

import uuid6
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.breaches import BreachConcern, BreachEntry  # noqa: F401  # Django finds an app's tables here
from accounts.invitations import Guest, Invitation  # noqa: F401  # Django finds an app's tables here
from discovery.platform.key_field import KeyField


class PersonalizationLevel(models.IntegerChoices):
    """How much may shape what a person is shown; each level includes those below it."""

    OFF = 0, _("Most popular, the same for everyone")
    BASIC = 1, _("This session only")
    OWN = 2, _("Own history")
    SOCIAL = 3, _("And consenting friends")
    CONTEXT = 4, _("And the occasion")


class Purpose(models.TextChoices):
    """What a person is asked about, one by one. Everything starts undefined, which acts as denied."""

    RECORD = "RECORD", _("Keep my plays")
    SELF = "SELF", _("My plays shape what I am shown")
    CONTRIBUTE = "CONTRIBUTE", _("My plays train models and enter counts")
    SOCIAL_IN = "SOCIAL_IN", _("Friends shape what I am shown")
    SOCIAL_OUT = "SOCIAL_OUT", _("My plays shape what friends are shown")
    NAMED = "NAMED", _("I may be named to friends")
    DISCOVERABLE = "DISCOVERABLE", _("I can be found and suggested")
    CALENDAR = "CALENDAR", _("My calendar, on my device")
    LOCATION = "LOCATION", _("My location, on my device")
    FEEDBACK = "FEEDBACK", _("Private aggregate feedback from my devices")
    EXPERIMENT = "EXPERIMENT", _("Measurement and experiments")
    THIRD_PARTY = "THIRD_PARTY", _("Dumps and enrichment elsewhere")


class ConsentState(models.TextChoices):
    """Only GRANTED permits."""

    UNDEFINED = "UNDEFINED"
    GRANTED = "GRANTED"
    DENIED = "DENIED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


class ConsentActor(models.TextChoices):
    """On whose word a consent changed."""

    USER = "user"
    GUARDIAN = "guardian"
    SYSTEM = "system"
    GPC = "gpc"
    IMPORT = "import"


class DeviceScope(models.TextChoices):
    """What a token may be used for. A browser in which somebody signed in may be used for everything."""

    DISCOVER = "DISCOVER", _("Recommendations and radio")
    PLAYS_READ = "PLAYS_READ", _("Read what you played and what you said of it")
    PLAYS_WRITE = "PLAYS_WRITE", _("Record plays, and say what you think of music")
    PLAYLISTS = "PLAYLISTS", _("Read and change playlists")
    SOCIAL = "SOCIAL", _("Friends, rooms, and what is shared with them")
    PRIVACY = "PRIVACY", _("What you allow, what is known of you, and deleting it")
    ACCOUNT = "ACCOUNT", _("Profile, devices, export and erasure")


EVERY_SCOPE = frozenset(DeviceScope)


class User(AbstractUser):
    """A listener. ``username`` is the public handle."""

    pseudonym = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    external_id = models.CharField(max_length=64, null=True, blank=True, unique=True)
    display_name = models.CharField(max_length=80, blank=True)
    # By which somebody is looked for. Null would be a row of no code of ours: a column that may be null is added
    # without SQLite making the table, and its triggers, anew.
    name_key = KeyField(of="display_name", null=True)  # type: ignore[misc]
    level = models.PositiveSmallIntegerField(
        choices=PersonalizationLevel.choices, default=PersonalizationLevel.OFF
    )
    # Whether this person has spoken of it: by choosing one, or by taking everything back. No import raises it then.
    level_chosen = models.BooleanField(default=False)
    # Marked by the operator; no age is kept. A minor whom nobody answers for is private, whatever is asked of them.
    is_minor = models.BooleanField(default=False)
    guardian = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="children", db_index=False
    )
    # Raised by every change of what this person allows; caches keyed by it cannot outlive a change.
    consent_epoch = models.PositiveBigIntegerField(default=0)
    # The last private session. While its end lies ahead it runs, and no play is taken; afterwards, plays
    # that began in it and are reported late are not taken either.
    private_from = models.DateTimeField(null=True, blank=True)
    private_until = models.DateTimeField(null=True, blank=True)
    # Private sessions before that one, as pairs of ISO moments: what was played in them may still arrive.
    private_before = models.JSONField(default=list, blank=True)
    # Until then friends who may not be named are silent for this person, who changed who is among them: the beginning
    # of a week (see `hearing.heard`).
    unnamed_silent_until = models.DateTimeField(null=True, blank=True)
    # Since when what they play is kept on their own device alone, and nothing of it here; none: it is kept here where they
    # allow it. Null would be a row of no code of ours, as with the name's key.
    on_device_since = models.DateTimeField(null=True, blank=True, editable=False)
    # When they last deleted something of what they did: what was written down before may hold it, and ends.
    records_deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    # How often the password was asked for and not told right, since when; see services.password.
    password_tries = models.PositiveSmallIntegerField(default=0, editable=False)
    password_tried_at = models.DateTimeField(null=True, blank=True, editable=False)

    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta(AbstractUser.Meta):
        # Hardly anybody has a guardian: an index of all would say that one who asks may have everybody.
        indexes = (
            models.Index(fields=["guardian"], condition=Q(guardian__isnull=False), name="user_guardian"),
        )

    def __str__(self) -> str:
        return self.username


class Device(models.Model):
    """What somebody signs in with: a browser's session, a token, or an app that they let in.

    The secret itself is nowhere: of a session there is the digest under which it is stored, of a token the
    checksum in django-oauth-toolkit's table, which also says its scopes and its end. Without that other row
    a device opens nothing. Players' protocols that need a secret in clear have one of the device's own
    (`services.player`): encrypted, and good for nothing without that other row either.
    """

    class Kind(models.TextChoices):
        BROWSER = "BROWSER"
        TOKEN = "TOKEN"  # noqa: S105  # no secret
        APP = "APP"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    name = models.CharField(max_length=80)
    token = models.OneToOneField(
        "oauth2_provider.AccessToken", on_delete=models.CASCADE, null=True, related_name="device"
    )
    session_digest = models.CharField(max_length=40, null=True, unique=True)  # noqa: DJ001  # unique where there is one
    player_secret = models.CharField(max_length=200, null=True, editable=False)  # noqa: DJ001  # null: it has none
    created_on = models.DateField()
    last_seen_on = models.DateField(null=True)  # the day it was made, until it is seen on another
    expires_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(token=None, session_digest__isnull=False)
                | Q(token__isnull=False, session_digest=None),
                name="device_opened_by_one_secret",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id}: {self.name}"


class Friendship(models.Model):
    """A friendship or a request for one: a single row a pair, whichever side asked."""

    class State(models.TextChoices):
        REQUESTED = "REQUESTED"
        ACCEPTED = "ACCEPTED"

    low = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    high = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    requested_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=9, choices=State.choices, default=State.REQUESTED)
    requested_at = models.DateTimeField(default=timezone.now)  # in a private session the day alone
    accepted_at = models.DateTimeField(null=True, blank=True)  # none: not yet, or in a private session
    # From when on each hears of the other where the other may not be named (none: from the beginning on).
    low_hears_from = models.DateTimeField(null=True, blank=True)
    high_hears_from = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["low", "high"], name="friendship_once_per_pair"),
            models.CheckConstraint(condition=Q(low__lt=F("high")), name="friendship_low_before_high"),
            models.CheckConstraint(
                condition=Q(requested_by=F("low")) | Q(requested_by=F("high")),
                name="friendship_requested_by_a_member",
            ),
        )
        indexes = (models.Index(fields=["high", "state"]), models.Index(fields=["low", "state"]))

    def __str__(self) -> str:
        return f"{self.low_id}–{self.high_id} {self.state}"


class Block(models.Model):
    """``blocker`` wants ``blocked`` out of sight; it works both ways."""

    blocker = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blocks_given")
    blocked = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blocks_received")
    created_at = models.DateTimeField(null=True, blank=True)  # none: in a private session

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["blocker", "blocked"], name="block_once"),
            models.CheckConstraint(condition=~Q(blocker=F("blocked")), name="block_not_oneself"),
        )

    def __str__(self) -> str:
        return f"{self.blocker_id} blocks {self.blocked_id}"


class ConsentEvent(models.Model):
    """One line of the append-only consent ledger; database triggers refuse UPDATE and DELETE.

    The subject is a pseudonym, so that a line can outlive the person's erasure. Lines of one
    subject form a hash chain (``previous_hash`` → ``hash``). ``id`` is the ledger position.
    """

    event_id = models.UUIDField(default=uuid6.uuid7, unique=True, editable=False)
    subject = models.UUIDField(db_index=True)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    dpv_iri = models.URLField()
    prior_state = models.CharField(max_length=9, choices=ConsentState.choices)
    new_state = models.CharField(max_length=9, choices=ConsentState.choices)
    scope = models.UUIDField(null=True, blank=True)  # pseudonym of the one friend it is about
    policy_version = models.CharField(max_length=20)
    policy_hash = models.CharField(max_length=64)
    actor = models.CharField(max_length=8, choices=ConsentActor.choices)
    channel = models.CharField(max_length=40)
    occurred_at = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    idempotency_key = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["subject", "idempotency_key"], name="consent_event_once_per_key"),
        )

    def __str__(self) -> str:
        return f"{self.subject} {self.purpose} {self.prior_state}→{self.new_state}"


class LedgerHead(models.Model):
    """A signed statement of where every chain of the ledger stood; each names the one before (``services.ledger_head``).

    Append-only like the ledger. A copy kept elsewhere shows whether the ledger was rewritten, cut or thinned out since.
    """

    number = models.PositiveBigIntegerField(unique=True)  # from 1, without gaps
    position = models.PositiveBigIntegerField()  # of the last line it covers
    hash = models.CharField(max_length=64, unique=True)
    document = models.JSONField()  # as it was signed and published
    published_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"head {self.number} up to {self.position}"


class LedgerTombstone(models.Model):
    """What stays of a line whose time is over: its place and its hash, by which older heads still verify.

    It says nothing of what was answered, and ``chain`` is a digest of a random number that leads to nobody.
    """

    position = models.PositiveBigIntegerField(unique=True)
    chain = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    head = models.PositiveBigIntegerField()  # the number of the head that says so

    def __str__(self) -> str:
        return f"{self.position}"


class Consent(models.Model):
    """The current state of one purpose: a projection of the ledger that can be rebuilt from it.

    ``friend`` is set where the answer is about that friend alone (SOCIAL_OUT, NAMED, SOCIAL_IN); such
    a row overrides the general one. A missing row is UNDEFINED.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    friend = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=9, choices=ConsentState.choices)
    valid_until = models.DateTimeField(null=True, blank=True)
    policy_version = models.CharField(max_length=20)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user", "purpose"], condition=Q(friend=None), name="consent_once_per_purpose"
            ),
            models.UniqueConstraint(fields=["user", "purpose", "friend"], name="consent_once_per_friend"),
        )
        indexes = (models.Index(fields=["purpose", "state"]),)

    def __str__(self) -> str:
        return f"{self.user_id} {self.purpose} {self.state}"


class PolicyVersion(models.Model):
    """A policy text as it was published: a copy, so that a file changed afterwards is noticed."""

    version = models.CharField(max_length=20, unique=True)
    text = models.TextField()
    hash = models.CharField(max_length=64)  # SHA-256 of the text
    material_for = models.JSONField(default=list)  # purposes it changes so much that people are asked again
    published_at = models.DateTimeField(auto_now=True)  # the last time

    def __str__(self) -> str:
        return self.version


class ErasedIdentity(models.Model):
    """A keyed digest of what no import may bring back: an id of somebody erased, a friendship that was ended.

    Nobody can read from it whom it means; the importer asks whether an id or a pair it meets has this digest.
    """

    digest = models.CharField(max_length=64, unique=True)
    erased_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.digest[:12]


class RepeatableCall(models.Model):
    """A call that its app may repeat where the answer was lost. Digests alone, and of the moment no more than the day."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=64)
    said = models.CharField(max_length=64)  # which mutation it was, with which arguments
    answer = models.JSONField(
        null=True
    )  # the key of what came of it, or figures; null while it is being done
    day = models.DateField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "key"], name="repeatable_call_once"),)
        indexes = (models.Index(fields=["day"]),)

    def __str__(self) -> str:
        return f"a call of {self.user_id} on {self.day}"


class NameStart(models.Model):
    """A beginning by which somebody is looked for: their handle in small letters, or their ``name_key`` from a word on.

    Written by database triggers alone, with the person's row, so that it is never behind. It says nothing of who may be
    found: that is asked of the person's own rows, as ever. ``first_one``, ``first_two`` and ``first_four`` hold so many
    characters where no other row of the person holds the same: by them many are read in the order of handles.
    """

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="name_starts")
    handle = models.CharField(max_length=150)
    start = models.BinaryField()  # UTF-8: its order is that of bytes, whatever the database's collation
    first_one = models.CharField(max_length=1, null=True)  # noqa: DJ001  # null: another row of theirs has it
    first_two = models.CharField(max_length=2, null=True)  # noqa: DJ001  # or there are not so many
    first_four = models.CharField(max_length=4, null=True)  # noqa: DJ001

    class Meta:
        indexes = (
            models.Index(fields=["start", "person"], name="name_start"),
            *(
                models.Index(
                    fields=[first, "handle", "person"],
                    condition=Q(**{f"{first}__isnull": False}),
                    name=f"name_{first}",
                )
                for first in ("first_one", "first_two", "first_four")
            ),
        )

    def __str__(self) -> str:
        return f"{self.person_id}: {bytes(self.start).decode()}"


class LinkChange(models.Model):
    """That something changed about who can be found near ``person``; written by database triggers alone, with the change.

    By it a process that holds friendships in memory (``held_links``) knows whose to ask for anew. It says neither what
    changed nor what it was, and is kept a day.
    """

    person = models.BigIntegerField()  # no foreign key: who is gone changed, too
    mark = models.BigIntegerField(db_index=True)  # PostgreSQL: of the transaction; SQLite: a random number
    at = models.DateTimeField(db_default=Now(), db_index=True)

    def __str__(self) -> str:
        return f"{self.pk}: {self.person}"


def pair(user: User | int, other: User | int) -> dict[str, Any]:
    """The two ends of a friendship as its unique row stores them: ``{"low_id": …, "high_id": …}``."""
    ids = sorted(person.pk if isinstance(person, User) else person for person in (user, other))
    return {"low_id": ids[0], "high_id": ids[1]}
