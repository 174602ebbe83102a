"""What was deleted is nowhere: not in what was derived from it, not in files made before, and not in the next model."""

import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Consent, ConsentState, Purpose, User
from accounts.services.consent import consent_set
from discovery.models import DataExport, RadioChoice, SocialUse
from discovery.platform.errors import InvalidInput
from discovery.platform.graphql.node import global_id
from discovery.privacy.erasure import erasure_advance, erasure_request
from discovery.privacy.export import data_export_build, exports_waiting
from discovery.privacy.export_end import exports_expire
from discovery.radio import store
from discovery.radio.services import radio_advance, radio_start
from discovery.radio.session import Outcome, SeedKind, public_id, resume_word
from graph import snapshot
from graph.models import Deletion, Feedback, FeedbackKind, Listen, ModelVersion
from graph.selectors import deletions_after
from graph.services.deletion import listens_delete
from graph.services.feedback import feedback_clear
from graph.training import publish
from graph.training import run as training
from tests import factories
from tests.api.client import App
from tests.discovery.radio.conftest import dial as dial  # noqa: PLC0414  # the fixture

pytestmark = pytest.mark.django_db

CONSENT = """mutation ($delete: Boolean!) { setConsent(purpose: RECORD, granted: false, deleteRecorded: $delete) {
    ... on ConsentChange { privacy { purposes { purpose state } } } ... on OperationInfo { messages { code field } } } }"""


@pytest.fixture(autouse=True)
def export_dir(tmp_path, settings):
    settings.EXPORT_DIR = tmp_path / "exports"
    return settings.EXPORT_DIR


@pytest.fixture
def ada():
    return factories.sharer("ada")


def played(user, *titles):
    tracks = [factories.track(title) for title in titles]
    for track in tracks:
        factories.listens(user, track, 2)
    return tracks


def model(**fields):
    return ModelVersion.objects.create(
        state=ModelVersion.State.ACTIVE, data_hash="d", config={}, metrics={"m": 1}, ledger_position=0, **fields
    )  # fmt: skip


class TestFiles:
    def test_exports_made_before_end_and_a_new_one_is_without(
        self, ada, export_dir, django_capture_on_commit_callbacks
    ):
        (one, _other) = played(ada, "Deleted Song", "Kept Song")
        export = data_export_build(export_id=str(DataExport.objects.create(user=ada).pk))
        assert export.path.exists()
        with django_capture_on_commit_callbacks(execute=True):
            listens_delete(user=ada, artist_id=one.artist_id)
        assert not export.path.exists()
        assert DataExport.objects.get(pk=export.pk).state == DataExport.State.EXPIRED
        anew = data_export_build(
            export_id=str(DataExport.objects.create(user=User.objects.get(pk=ada.pk)).pk)
        )
        with zipfile.ZipFile(anew.path) as file:
            everything = b"".join(file.read(name) for name in file.namelist()).decode()
        assert "Deleted Song" not in everything
        assert "Kept Song" in everything

    def test_a_file_that_a_killed_process_left_is_swept(self, ada, export_dir, monkeypatch):
        played(ada, "Song")
        export = data_export_build(export_id=str(DataExport.objects.create(user=ada).pk))
        listens_delete(user=ada, everything=True)  # its transaction never comes to its end here
        assert export.path.exists()
        monkeypatch.setattr("discovery.privacy.export_end._is_old", lambda *_: True)
        assert exports_expire() == 1
        assert not export.path.exists()

    def test_what_is_deleted_while_the_file_is_hashed_is_in_none(self, ada, export_dir, monkeypatch):
        played(ada, "Song")

        def deleted_meanwhile(_path):
            listens_delete(user=User.objects.get(pk=ada.pk), everything=True)
            return "0" * 64

        monkeypatch.setattr("discovery.privacy.export.sha256_of", deleted_meanwhile)
        asked = DataExport.objects.create(user=ada)
        assert data_export_build(export_id=str(asked.pk)) is None
        assert list(export_dir.iterdir()) == []
        assert exports_waiting() == [str(asked.pk)]

    def test_the_file_of_a_run_that_was_first_stays(self, ada, export_dir, monkeypatch):
        asked = DataExport.objects.create(user=ada)

        def first(_path):
            asked.path.write_text("theirs")
            DataExport.objects.filter(pk=asked.pk).update(state=DataExport.State.READY)
            return "0" * 64

        monkeypatch.setattr("discovery.privacy.export.sha256_of", first)
        assert data_export_build(export_id=str(asked.pk)) is None
        assert [path.read_text() for path in export_dir.iterdir()] == ["theirs"]

    def test_one_being_written_meanwhile_is_written_anew(self, ada, monkeypatch):
        played(ada, "Song")
        asked = DataExport.objects.create(user=ada)
        from discovery.privacy import export as exporting

        written = exporting.export_write

        def and_then_deleted(archive, user):
            written(archive, user)
            listens_delete(user=User.objects.get(pk=user.pk), everything=True)

        with monkeypatch.context() as patch:
            patch.setattr(exporting, "export_write", and_then_deleted)
            assert data_export_build(export_id=str(asked.pk)) is None
        assert exports_waiting() == [str(asked.pk)]
        assert not asked.path.exists()
        assert data_export_build(export_id=str(asked.pk)).path.exists()


class TestNotesAndMemory:
    def test_notes_that_cite_nothing_else_go(self, ada):
        gone, kept, liked = played(ada, "Gone", "Kept", "Liked")
        Feedback.objects.create(user=ada, track=liked, kind=FeedbackKind.LIKE, given_at=factories.NOON)
        friend, day = factories.sharer(), timezone.now().date()
        for track in (gone, kept, liked):
            note = {"recipient": friend, "day": day, "named": True, "item_kind": "TRACK", "item_id": track.pk}
            SocialUse.objects.create(source=ada, **note)
            SocialUse.objects.create(source=factories.sharer(), **note)
        theirs = SocialUse.objects.filter(source=ada)
        ids = list(Listen.objects.filter(user=ada, track__in=[gone, liked]).values_list("pk", flat=True))
        listens_delete(user=ada, ids=ids)
        assert set(theirs.values_list("item_id", flat=True)) == {kept.pk, liked.pk}
        listens_delete(user=ada, everything=True)
        assert not theirs.exists()
        assert SocialUse.objects.count() == 3

    def test_a_radio_remembers_nothing_of_it(self, dial, django_capture_on_commit_callbacks):
        user, _tracks = dial
        playing = radio_start(viewer=user, seed_kind=SeedKind.NOTHING)
        heard = playing.radio.now.item_id
        playing = radio_advance(
            viewer=user,
            radio_id=public_id(playing.radio),
            outcome=Outcome.SKIPPED,
            step=playing.radio.version,
        )
        word = resume_word(playing.radio)
        assert heard in {each.item_id for each in playing.radio.heard}
        assert RadioChoice.objects.filter(user=user, item_id=heard).exists()
        with django_capture_on_commit_callbacks(execute=True):
            listens_delete(user=user, everything=True)
        assert not store.client().keys("earshot:radio*")
        assert not RadioChoice.objects.filter(user=user).exists()
        again = store.radio_load(user=user, radio_id=public_id(playing.radio), resume=word)
        assert again.heard == ()
        assert again.version == playing.radio.version


class TestTheNextModel:
    def test_is_due_and_without(self, ada):
        played(ada, "Song")
        first = model(deletion_position=snapshot.take().deletion_position)
        assert len(snapshot.take().track_plays.user) == 1
        assert training.run_due() is None
        assert publish._yardstick() == {"m": 1}
        listens_delete(user=ada, everything=True)
        taken = snapshot.take()
        assert len(taken.track_plays.user) == 0
        (deletion,) = deletions_after(first.deletion_position)
        assert (deletion.subject, deletion.rows) == (ada.pseudonym, 2)
        Deletion.objects.update(deleted_at=timezone.now() + timedelta(days=1))
        assert training.run_due() is None, "it waits for the fixed time"
        assert publish._yardstick() is None
        Deletion.objects.update(deleted_at=timezone.now() - timedelta(days=1))
        assert training.run_due() is not None
        ModelVersion.objects.update(deletion_position=taken.deletion_position)
        assert training.run_due() is None

    def test_a_withdrawal_and_a_deletion_are_trained_away_together(self, ada):
        played(ada, "Song")
        model()
        consent_set(user=ada, purpose=Purpose.CONTRIBUTE, granted=True)
        listens_delete(user=ada, everything=True)
        consent_set(user=ada, purpose=Purpose.CONTRIBUTE, granted=False)
        Deletion.objects.update(deleted_at=timezone.now() - timedelta(days=1))
        assert training.run_due().startswith("withdrawal:")

    def test_a_like_taken_back_is_learned_no_more(self, ada):
        (track,) = played(ada, "Song")
        Feedback.objects.create(user=ada, track=track, kind=FeedbackKind.LIKE, given_at=factories.NOON)
        feedback_clear(user=ada, item=track)
        assert Deletion.objects.get().rows == 1

    def test_of_whom_no_model_learned_none_is_made_anew(self):
        ben = factories.answered(factories.listener("ben"), Purpose.RECORD)
        played(ben, "Song")
        model()
        listens_delete(user=ben, everything=True)
        assert not Deletion.objects.exists()
        assert User.objects.get(pk=ben.pk).records_deleted_at is not None

    def test_a_line_is_written_once_and_goes_with_the_account(self, ada, settings, tmp_path):
        settings.ARTIFACT_DIR = tmp_path
        played(ada, "Song")
        listens_delete(user=ada, everything=True)
        with pytest.raises(TypeError):
            Deletion.objects.get().save()
        erasure_advance(erasure_id=str(erasure_request(user=ada, confirm="ada").pk))
        assert not Deletion.objects.exists()


class TestRecordTakenBack:
    @pytest.fixture
    def recorded(self, ada):
        tracks = played(ada, "Played")
        for kind in (FeedbackKind.LIKE, FeedbackKind.SKIP):
            Feedback.objects.create(user=ada, track=tracks[0], kind=kind, given_at=factories.NOON)
        return tracks

    def test_keeps_what_is_there(self, ada, recorded):
        App(ada).data(CONSENT, delete=False)
        assert Listen.objects.count() == 2
        assert Consent.objects.get(user=ada, purpose=Purpose.RECORD).state == ConsentState.WITHDRAWN

    def test_or_deletes_what_was_observed(self, ada, recorded):
        App(ada).data(CONSENT, delete=True)
        assert not Listen.objects.exists()
        assert [said.kind for said in Feedback.objects.all()] == ["LIKE"], "said on purpose"
        assert Consent.objects.get(user=ada, purpose=Purpose.RECORD).state == ConsentState.WITHDRAWN
        factories.listens(ada, recorded[0])
        App(ada).data(CONSENT, delete=True)
        assert not Listen.objects.exists(), "also where it was taken back before"

    @pytest.mark.parametrize(("purpose", "granted"), [(Purpose.RECORD, True), (Purpose.SELF, False)])
    def test_nothing_else_deletes(self, ada, recorded, purpose, granted):
        with pytest.raises(InvalidInput):
            consent_set(user=ada, purpose=purpose, granted=granted, delete_recorded=True)
        assert Listen.objects.count() == 2


def test_a_correction_reaches_what_is_derived_too(ada, export_dir):
    (wrong,) = played(ada, "Wrong")
    listen = Listen.objects.filter(user=ada).first()
    Listen.objects.exclude(pk=listen.pk).delete()
    right = factories.track("Right")
    model()
    export = data_export_build(export_id=str(DataExport.objects.create(user=ada).pk))
    query = """mutation ($id: ID!, $input: ListenInput!) { correctListen(id: $id, input: $input) { __typename } }"""
    given = {
        "source": "test", "sourceId": "x", "trackId": global_id("Track", right.pk),
        "listenedAt": (factories.NOON + timedelta(hours=1)).isoformat(),
    }  # fmt: skip
    App(ada).data(query, id=global_id("Listen", listen.pk), input=given)
    assert DataExport.objects.get(pk=export.pk).state == DataExport.State.EXPIRED
    taken = snapshot.take()
    assert taken.tracks[taken.track_plays.item].tolist() == [right.pk]
    assert Deletion.objects.get().rows == 1
    assert wrong.pk not in taken.tracks[taken.track_plays.item]
