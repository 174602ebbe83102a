"""How long what is kept, in one table: the policy, exports and the record of processing read it, and the clock ends it.

What stands in `STORES` and not here is kept until its person deletes it, or their account. A test makes something
older and something younger for each line, and looks what the clock leaves.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.link_log import CHANGES_KEPT, link_changes_forget
from accounts.models import Purpose
from accounts.services.device import devices_forget
from accounts.services.friendship import REQUESTS_KEPT, friend_requests_forget
from accounts.services.identity import IDENTITIES_KEPT, identities_expire
from accounts.services.invitation import LONGEST as INVITATION_LONGEST
from accounts.services.invitation import invitations_forget
from accounts.services.ledger_retention import LEDGER_KEPT, chains_over, chains_retire
from accounts.services.listener import UNCONFIRMED_KEPT, unconfirmed_forget
from accounts.services.private_session import REMEMBERED, private_sessions_forget
from accounts.services.repeat import CALLS_KEPT, calls_forget
from accounts.services.token import LIFETIME, tokens_expire
from discovery.device.feedback import REPORTS_KEPT, reports_forget
from discovery.experiments.exposures import EXPOSURES_KEPT, exposed_items_forget, exposures_forget
from discovery.models import Erasure
from discovery.moments.services import MOMENTS_KEPT, moments_purge
from discovery.privacy.export_end import EXPORTS_KEPT, LIVES, exports_expire, exports_forget
from discovery.privacy.stores import STORES
from discovery.radio.log import CHOICES_KEPT, radio_choices_forget
from discovery.radio.session import LIFETIME as RADIO_LIFETIME
from discovery.recommend.disclosure import SOCIAL_USE_KEPT, social_use_forget
from discovery.room.services import IDLE, rooms_close
from graph.ingest.outbox import NEWS_KEPT, news_forget
from graph.services.history import VERDICTS_KEPT, verdicts_forget
from graph.services.uploads import UNUSED_KEPT, uploads_expire
from graph.training.lease import RUNS_KEPT, runs_forget

logger = logging.getLogger(__name__)

STAFF_LOG_KEPT = timedelta(days=365)


@dataclass(frozen=True)
class Rule:
    """``name`` is kept for so long since a moment; ``end`` deletes what is older and returns how much it was."""

    name: str
    what: Promise
    kept: timedelta
    since: Promise
    end: Callable[[], int] | None  # None: the store ends it by itself
    purpose: Purpose | None = None


@dataclass(frozen=True)
class Kept:
    """A line of what people read: ``days`` is None where it is kept until they delete it."""

    name: str
    what: str
    purpose: Purpose | None
    days: int | None
    since: str | None


def sessions_forget() -> int:
    return Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]


def staff_log_forget() -> int:
    return LogEntry.objects.filter(action_time__lt=timezone.now() - STAFF_LOG_KEPT).delete()[0]


def ledger_forget() -> int:
    """Lines of accounts that ended long enough ago, by their erasures where there was one."""
    closed = Erasure.objects.filter(closed_at__lt=timezone.now() - LEDGER_KEPT)
    others = Erasure.objects.exclude(pk__in=closed.values("pk"))
    over = chains_over(
        ended=list(closed.values_list("subject", flat=True)),
        ending=list(others.values_list("subject", flat=True)),
    )
    return chains_retire(subjects=over)


def erasures_forget() -> int:
    return Erasure.objects.filter(closed_at__lt=timezone.now() - LEDGER_KEPT).delete()[0]


RULES: tuple[Rule, ...] = (
    Rule("social_use", _("To whom you were shown, and why."), SOCIAL_USE_KEPT, _("the day it happened"),
         social_use_forget, Purpose.SOCIAL_OUT),
    Rule("radio_choices", _("What the radio chose for you, how likely, and what came of it."), CHOICES_KEPT,
         _("the choice"), radio_choices_forget, Purpose.EXPERIMENT),
    Rule("exposures", _("On which days your recommendations were part of an experiment."), EXPOSURES_KEPT,
         _("the day it happened"), exposures_forget, Purpose.EXPERIMENT),
    Rule("exposed_items", _("Which side of an experiment brought what you were recommended."), EXPOSURES_KEPT,
         _("the day it happened"), exposed_items_forget, Purpose.EXPERIMENT),
    Rule("device_reports", _("On which day a device of yours reported in private aggregates; not what it said."), REPORTS_KEPT,
         _("the day of the report"), reports_forget, Purpose.FEEDBACK),
    Rule("radios", _("A radio that plays: its seed, what was heard and what came of it."),
         timedelta(seconds=RADIO_LIFETIME), _("its last sign of life"), None),
    Rule("moments", _("Moments that your devices told, until they are over: a word, and when."), MOMENTS_KEPT, _("its end"),
         moments_purge),
    Rule("rooms", _("Rooms you are in or invited to; gone when you leave."), IDLE, _("the last thing done in it"), rooms_close),
    Rule("private_sessions", _("When you were in a private session, so that plays of it that arrive late are refused."),
         REMEMBERED, _("its end"), private_sessions_forget),
    Rule("friend_requests", _("Requests for friendship that nobody answered."), REQUESTS_KEPT, _("the request"),
         friend_requests_forget),
    Rule("export_files", _("Files with your data that you asked for."), LIVES, _("the moment it was written"), exports_expire),
    Rule("exports", _("That you asked for such a file."), EXPORTS_KEPT, _("the request"), exports_forget),
    Rule("uploads", _("A file of your listening that you handed in and did not have read."), UNUSED_KEPT,
         _("the moment it came in"), uploads_expire),
    Rule("import_rows", _("Which rows of such a file were not stored, and why; not what stood in them."), VERDICTS_KEPT,
         _("the import"), verdicts_forget),
    Rule("sessions", _("That you are signed in with a browser."), timedelta(seconds=settings.SESSION_COOKIE_AGE),
         _("the sign-in"), sessions_forget),
    Rule("tokens", _("That an app is signed in as you."), LIFETIME, _("the sign-in"), tokens_expire),
    Rule("devices", _("What you signed in with, until it runs out."), LIFETIME, _("the sign-in"), devices_forget),
    Rule("invitations", _("Links by which you invite people."), INVITATION_LONGEST, _("the day it was made"), invitations_forget),
    Rule("unconfirmed", _("An account whose e-mail address nobody showed to be theirs."), UNCONFIRMED_KEPT, _("the sign-up"),
         unconfirmed_forget),
    Rule("ledger", _("Your answers, under a random number, and the moment of each."), LEDGER_KEPT,
         _("the end of your account"), ledger_forget),
    Rule("erasures", _("That an account was erased, and the receipt of it, under the same number."), LEDGER_KEPT,
         _("the end of your account"), erasures_forget),
    Rule("erased_identities", _("Digests by which no import brings back who was erased, or a friendship that was ended."),
         IDENTITIES_KEPT, _("the erasure"), identities_expire),
    Rule("staff_log", _("What staff did to accounts by hand."), STAFF_LOG_KEPT, _("the act"), staff_log_forget),
    Rule("link_changes", _("That something changed about whom you know or whether you can be found, without what it was."),
         CHANGES_KEPT, _("the change"), link_changes_forget),
    Rule("repeats", _("Which calls of your apps may not be done twice, as digests."), CALLS_KEPT, _("the day of the call"),
         calls_forget),
    Rule("news", _("That your friends are about to hear of a play or a like, without what it was."), NEWS_KEPT,
         _("the play or the like"), news_forget, Purpose.SOCIAL_OUT),
    Rule("training_runs", _("When a recommender was trained, and where."), RUNS_KEPT, _("its end"), runs_forget),
)  # fmt: skip


def retention_enforce() -> Mapping[str, int]:
    """End everything whose time is over; return how much of each. One that fails does not keep the others."""
    ended = {}
    for rule in RULES:
        if rule.end is None:
            continue
        try:
            ended[rule.name] = rule.end()
        except (DatabaseError, OSError):  # the next hour tries again
            logger.exception("what is kept as %s could not be ended", rule.name)
    return ended


def retention_table() -> list[Kept]:
    """Everything that can be kept about a person: first what is theirs to see, then what comes with it."""
    rules = {rule.name: rule for rule in RULES}
    own = [
        Kept(
            store.name, str(store.why), store.purpose,
            rules[store.name].kept.days if store.name in rules else None,
            str(rules[store.name].since) if store.name in rules else None,
        )
        for store in STORES
    ]  # fmt: skip
    named = {store.name for store in STORES}
    others = [
        Kept(rule.name, str(rule.what), rule.purpose, rule.kept.days, str(rule.since))
        for rule in RULES
        if rule.name not in named
    ]
    return [*own, *others]
