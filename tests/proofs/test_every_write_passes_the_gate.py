"""The proof of the gate: rows about a person are written through accounts/intake, or it is said here why not.

A `Gated` model refuses every other write when it happens. So it is left to show that each model with a person's key
is gated or justified, that the ways around a model are closed, and that few may open the gate without asking.
"""

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from accounts import intake
from accounts.intake import Gated, deliberate, observe, observed_keep
from accounts.models import Purpose
from discovery.models import RadioChoice
from discovery.platform.errors import Conflict, ConsentMissing, LimitExceeded, PastTheGate
from graph.models import Feedback, FeedbackKind, Listen, Playlist
from tests import factories

ROOT = Path(__file__).parents[2]
ROOMS = ("accounts", "discovery", "graph", "tasks")

# Models with a person's key that are neither observed of people nor put down about music, and who writes them.
JUSTIFIED = {
    "accounts.User": "who answers for a minor: accounts.services.guardianship",
    "accounts.Friendship": "whom one knows: accounts.services.friendship",
    "accounts.Block": "whom one blocks: accounts.services.friendship",
    "accounts.Device": "what one is signed in with: accounts.services.device",
    "accounts.RepeatableCall": "that an app's call was done, as digests: accounts.services.repeat",
    "accounts.Invitation": "whom one invites: accounts.services.invitation",
    "accounts.Guest": "by which link one signed up: accounts.services.invitation",
    "accounts.NameStart": "by which beginnings one is looked for: database triggers, with one's own row",
    "accounts.Consent": "what one allows, a projection of the ledger: accounts.services.ledger",
    "accounts.BreachConcern": "that a breach concerns somebody: accounts.services.breach",
    "discovery.SocialUse": "that somebody was told of: discovery.recommend.disclosure, with every answer",
    "discovery.DataExport": "that one asked for one's data: discovery.privacy.export",
    "discovery.Erasure": "that one asked to be erased: discovery.privacy.erasure",
    "graph.FriendNews": "keys of what passed the gate in the same transaction: graph.ingest.outbox",
    "graph.DeletedPlay": "digests of what one deleted: graph.ingest.deleted",
    "discovery.RoomMember": "who is where while they are there: discovery.room.services",
}
THIRD_PARTY = {"account", "admin", "auth", "mfa", "oauth2_provider"}

# Who may put rows where nobody acts at that moment, and why.
RESTORING = {
    "discovery/lab/plan_prompts.py": "the catalog's own words, of a community to measure on",
    "discovery/privacy/restore.py": "a person's own export, put back as it was",
    "graph/importers/lastfm.py": "words that people gave elsewhere",
    "graph/ingest/join.py": "rows that turn out to be one",
    "graph/ingest/plays.py": "which reports are of one play",
    "graph/ingest/undo.py": "what an import changed, as it was before",
    "graph/sample/catalog.py": "the catalog's own words",
    "graph/sample/listening.py": "what made-up people like",
}


def sources():
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def models_with_people():
    for model in apps.get_models(include_auto_created=True):
        keys = [field for field in model._meta.get_fields() if field.concrete and field.is_relation]
        ours = (
            model._meta.app_label not in THIRD_PARTY
            and not model._meta.auto_created
            and not model._meta.proxy
        )
        if ours and any(field.related_model is get_user_model() for field in keys):
            yield model


def past_the_gate(models):
    return {model._meta.label for model in models if not issubclass(model, Gated)} - JUSTIFIED.keys()


def test_every_model_with_a_persons_key_is_gated_or_justified():
    models = list(models_with_people())
    assert len(models) > 15
    assert past_the_gate(models) == set()
    assert {model._meta.label for model in models if issubclass(model, Gated)} & JUSTIFIED.keys() == set()
    assert JUSTIFIED.keys() - {model._meta.label for model in models} == set(), "these are no models any more"


def test_a_planted_model_is_found():
    class Planted:
        _meta = type("Meta", (), {"label": "graph.Planted"})

    assert past_the_gate([Planted, Listen]) == {"graph.Planted"}


def around(text):
    """What goes around a model: raw inserts, the querysets' private writes, and Django's own base manager."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and node.attr in {
            "_raw_delete",
            "_insert",
            "_update",
            "_base_manager",
            "raw",
        }:
            found.add(node.attr)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            statement = node.value.upper().split()
            found |= {"INSERT"} if statement[:2] == ["INSERT", "INTO"] else set()
            found |= {"UPDATE"} if statement[:1] == ["UPDATE"] and "SET" in statement else set()
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("save_base"):
            found.add("save_base")
    return found


SQL = {
    "discovery/recommend/disclosure.py": {"INSERT"},  # SocialUse: justified above
    "discovery/lab/serving_community.py": {
        "INSERT"
    },  # made-up people, into an empty database that is measured on
    "graph/bench/factors.py": {"INSERT"},  # made-up rows, into a temporary copy of the table that is measured
}


def test_nothing_goes_around_the_models():
    assert {path: found for path, text in sources() if (found := around(text))} == SQL


@pytest.mark.parametrize(
    "planted",
    [
        'cursor.execute("INSERT INTO graph_listen (user_id) VALUES (1)")',
        "Listen.objects.all()._update([])",
        'cursor.execute("UPDATE graph_listen SET user_id = 1")',
        "Listen._base_manager.create(user=user)",
        "listen.save_base(raw=True)",
    ],
)
def test_a_planted_way_around_is_found(planted):
    assert around(planted)


def opening(text):
    return {
        ast.unparse(node.func).rpartition(".")[2]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
    } & {"restoring"}


def test_few_open_the_gate_without_asking():
    found = {path for path, text in sources() if opening(text) and path != "accounts/intake.py"}
    assert found == RESTORING.keys()
    assert opening("with intake.restoring():\n    pass") == {"restoring"}


# --- at run time ----------------------------------------------------------------------------

BYPASSES = {
    "save": "Listen(**play).save()",
    "create": "Listen.objects.create(**play)",
    "bulk_create": "Listen.objects.bulk_create([Listen(**play)])",
    "get_or_create": "Listen.objects.get_or_create(**play)",
    "update_or_create": "Listen.objects.update_or_create(**play)",
    "update": "Listen.objects.filter(user=user).update(ms_played=1)",
    "bulk_update": "Listen.objects.bulk_update(Listen.objects.filter(user=user), ['ms_played'])",
    "related": "user.listens.create(**{name: play[name] for name in play if name != 'user'})",
    "changed": "changed = Listen.objects.filter(user=user).first(); changed.ms_played = 1; changed.save()",
}


@pytest.mark.django_db
class TestBypass:
    @pytest.mark.parametrize("way", BYPASSES)
    def test_is_refused_and_leaves_nothing(self, way):
        user = factories.sharer()
        (kept,) = factories.listens(user, factories.track())
        play = {
            "user": user, "track": kept.track, "listened_at": factories.NOON, "source": "planted", "source_id": "1",
        }  # fmt: skip
        planted = compile(BYPASSES[way], "/planted.py", "exec")  # as if it stood in the project
        with pytest.raises(PastTheGate), transaction.atomic():
            exec(planted, {"Listen": Listen, "user": user, "play": play})  # noqa: S102
        assert list(Listen.objects.values_list("pk", "ms_played")) == [(kept.pk, kept.ms_played)]

    def test_the_gate_asks_record_and_what_else_it_rests_on(self):
        user = factories.answered(factories.listener(), Purpose.EXPERIMENT)
        with pytest.raises(ConsentMissing) as refused, transaction.atomic():
            observe(user)
        assert refused.value.field == "RECORD"
        factories.answered(user, Purpose.RECORD)
        factories.revoke(user, Purpose.EXPERIMENT)
        with pytest.raises(ConsentMissing) as refused, transaction.atomic():
            observe(user, also=[Purpose.EXPERIMENT])
        assert refused.value.field == "EXPERIMENT"
        assert not intake.may_observe(user, also=[Purpose.EXPERIMENT])
        assert intake.may_observe(user)

    def test_the_gate_has_a_quota(self):
        with pytest.raises(LimitExceeded), transaction.atomic():
            observe(factories.sharer(), quantity=101, most=100)

    def test_somebody_erased_or_frozen_is_not_observed(self):
        user = factories.sharer()
        user.is_active = False
        user.save()
        with pytest.raises(ConsentMissing), transaction.atomic():
            observe(user)
        assert not intake.may_observe(user)
        assert user.pk not in intake.observable([user.pk])

    def test_nobody_else_comes_in_through_the_gate_of_one(self):
        user, other = factories.sharer(), factories.sharer()
        play = Listen(
            user=other, track=factories.track(), listened_at=factories.NOON, source="a", source_id="1"
        )
        with pytest.raises(PastTheGate), transaction.atomic():
            observe(user).keep([play], at="listened_at")
        with pytest.raises(PastTheGate):
            observed_keep([play], people=[user.pk])
        assert not Listen.objects.exists()

    def test_what_is_observed_in_a_private_session_stays_outside(self):
        user = factories.sharer()
        user.private_from, user.private_until = timezone.now(), timezone.now() + timedelta(hours=1)
        user.save()
        now = timezone.now()
        with pytest.raises(Conflict), transaction.atomic():
            observe(user).put(RadioChoice, at=now, radio="r", step=0, defaults={})
        with pytest.raises(Conflict), transaction.atomic():
            observe(user).put(Feedback, at=now, kind=FeedbackKind.SKIP, track=factories.track(), defaults={})
        assert not RadioChoice.objects.exists()
        assert not Feedback.objects.exists()

    def test_deliberate_acts_need_no_record_and_keep_no_moment_in_private(self):
        user = factories.listener()
        with transaction.atomic():
            assert deliberate(user).moment is not None
            deliberate(user).ensure_vote()
        user.private_from, user.private_until = timezone.now(), timezone.now() + timedelta(hours=1)
        user.save()
        with transaction.atomic():
            act = deliberate(user)
            assert act.moment is None
            with act.write():
                Playlist.objects.create(owner=user, title="Quiet", created_at=act.moment)
            with pytest.raises(Conflict):
                act.ensure_vote()
        assert Playlist.objects.get().created_at is None

    def test_the_gate_is_closed_again(self):
        user = factories.listener()
        with transaction.atomic(), deliberate(user).write():
            pass
        planted = compile("Playlist.objects.create(owner=user, title='x')", "/planted.py", "exec")
        with pytest.raises(PastTheGate):
            exec(planted, {"Playlist": Playlist, "user": user})  # noqa: S102
