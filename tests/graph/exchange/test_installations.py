"""Two installations in one database, one after the other: what leaves is of those who allow it, what comes serves and goes again."""

import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.models import Purpose, User
from accounts.signatures import public_key_text
from graph import snapshot
from graph.elsewhere.document import MODEL, document_read
from graph.exchange.leaving import allowed, model_export
from graph.ingest.artists import artist_names_get_or_create
from graph.ingest.credits import Credited
from graph.ml.config import BlendConfig, ItemItemConfig, NetworkConfig, RecommenderConfig
from graph.models import Artist, ArtistPlayCount, Bundle, ModelVersion, Standing, Tag
from graph.serving import active_model
from graph.training.lineage import lineage_of
from tests import factories
from tests.graph.exchange.conftest import KEY, OTHER_KEY

pytestmark = pytest.mark.django_db(transaction=True)

SMALL = RecommenderConfig(
    memory=ItemItemConfig(dims=12, ridge=2.0),
    network=NetworkConfig(dims=8, epochs=1),
    blend=BlendConfig(learned=False),
)
ALLOWED = (Purpose.RECORD, Purpose.CONTRIBUTE, Purpose.THIRD_PARTY)


@pytest.fixture(autouse=True)
def _fresh_process(artifact_dir, monkeypatch, settings):
    monkeypatch.setattr(active_model, "_served", None)
    settings.SIGNING_KEY = KEY


def community(people=30, *, purposes=ALLOWED, name="Planted-Handle"):
    """Everybody plays six of twelve artists: the even ones or the odd ones; and one plays what nobody else does."""
    artists = [factories.artist(f"Known {number}") for number in range(12)]
    for number in range(people):
        user = factories.answered(factories.listener(f"{name}-{number}"), *purposes)
        for artist in artists[number % 2 :: 2]:
            ArtistPlayCount.objects.create(user=user, artist=artist, count=3 + number, source="test")
    only = factories.artist("Secret Garage Band", standing=Standing.LISTENERS)
    ArtistPlayCount.objects.create(user=User.objects.latest("pk"), artist=only, count=99, source="test")
    return artists


def somewhere_else(settings):
    """Another installation: another key, and nothing there yet."""
    settings.SIGNING_KEY = OTHER_KEY
    User.objects.all().delete()
    Artist.objects.all().delete()
    Tag.objects.all().delete()


@pytest.fixture
def bundle(tmp_path, settings):
    community()
    path = tmp_path / "model.earshot"
    model_export(path, config=SMALL)
    somewhere_else(settings)
    return path


def four():
    """Four people whose player names what they play: one artist is called as in the file, and is their own so far."""
    people = [factories.answered(factories.listener(f"neighbor{n}"), *ALLOWED[:2]) for n in range(4)]
    credited = Credited("known 0", "")
    with transaction.atomic():
        theirs = artist_names_get_or_create([credited])[credited].artist
    for person in people:
        ArtistPlayCount.objects.create(user=person, artist=theirs, count=5, source="test")
    return people


def test_what_leaves_is_of_those_who_allow_it_and_names_nobody(tmp_path):
    community(purposes=ALLOWED[:2])
    path = tmp_path / "model.earshot"
    for command in ("export_model", "federation_contribute"):
        with pytest.raises(CommandError, match="BUNDLE_EMPTY"):
            call_command(command, path)
    assert not path.exists()
    for user in User.objects.all():
        factories.answered(user, Purpose.THIRD_PARTY)
    assert len(snapshot.take(passed_on=True).artist_plays.user) == 181
    blob = model_export(path, config=SMALL).blob
    assert path.read_bytes() == blob
    call_command("federation_contribute", tmp_path / "sums.earshot")
    for told in (blob, (tmp_path / "sums.earshot").read_bytes()):
        assert b"Known 3" in told
        for secret in (b"Planted-Handle", b"planted-handle", b"Secret Garage Band", b"secret garage band"):
            assert secret not in told


def test_who_said_yes_before_the_text_told_of_it_is_not_in_it(tmp_path):
    community()
    from accounts.models import Consent

    Consent.objects.filter(purpose=Purpose.THIRD_PARTY).update(policy_version="2026-11-27")
    assert not len(snapshot.take(passed_on=True).artist_plays.user)
    assert len(snapshot.take().artist_plays.user)


def test_what_is_passed_on_knows_no_friendships_and_leaves_some_people_out(monkeypatch):
    community()
    factories.befriended(*User.objects.all()[:2])
    assert len(snapshot.take().friendships) == 1
    assert not len(snapshot.take(passed_on=True).friendships)
    assert len(np.unique(allowed()[0].artist_plays.user)) == 30, "of so few each is needed"
    monkeypatch.setattr("graph.training.drawn.FEWEST", 10)
    monkeypatch.setattr("graph.training.drawn.LEFT_OUT", 0.5)
    assert 0 < len(np.unique(allowed()[0].artist_plays.user)) < 30


def test_an_imported_model_serves_and_what_plays_brought_is_its_own(bundle, capsys):
    four()
    call_command("import_model", bundle, trust=[public_key_text(KEY)])
    assert "is active" in capsys.readouterr().out
    served = active_model.active()
    index, known = served.artifact.index("ARTIST"), Artist.objects.get(name__iexact="known 0")
    assert known.standing == Standing.CATALOG
    assert ArtistPlayCount.objects.filter(artist=known).count() == 4, "their plays are of it now"
    assert Artist.objects.filter(name__startswith="Known").exclude(standing=Standing.CATALOG).count() == 0
    assert index.learned[index.rows(np.array([known.pk]))].all()
    imported = lineage_of(served.version)["imported"]
    assert (imported["signer"], imported["digest"]) == (public_key_text(KEY), served.version.data_hash)
    with pytest.raises(CommandError, match="BUNDLE_THERE"):
        call_command("import_model", bundle)  # whose signer is known by now

    call_command("train_recommender", config=_config(bundle))
    trained = active_model.active()
    assert trained.version != served.version
    assert lineage_of(trained.version)["elsewhere"] == [served.version.data_hash]
    assert trained.artifact.index("ARTIST").learned.sum() == index.learned.sum()

    call_command("rollback_model")
    assert active_model.active().version == served.version
    call_command("import_model", forget=Bundle.objects.get().digest[:8])
    assert not snapshot.take().elsewhere


def _config(bundle):
    path = bundle.with_name("config.json")
    path.write_text(SMALL.to_json())
    return path


def test_a_model_that_is_refused_begins_nothing(bundle, monkeypatch):
    four()
    monkeypatch.setattr("graph.training.publish.promotion_refusal", lambda *_: "worse")
    with pytest.raises(CommandError, match=r"The model was refused: worse\. No training begins with it"):
        call_command("import_model", bundle, trust=[public_key_text(KEY)])
    assert not Bundle.objects.exists()
    assert Artist.objects.count() > 1, "it measured over a catalog of its names, which stay"
    assert ModelVersion.objects.get().state == "REJECTED"


def test_sums_are_joined_replaced_and_taken_back(tmp_path, settings, capsys):
    community()
    files = [tmp_path / f"{number}.earshot" for number in range(2)]
    call_command("federation_contribute", files[0])
    with pytest.raises(CommandError, match="BUNDLE_OURS"):
        call_command("federation_join", files[0], trust=[public_key_text(KEY)])
    ArtistPlayCount.objects.update(count=7)
    call_command("federation_contribute", files[1])
    somewhere_else(settings)
    community(people=12, name="other")
    before = snapshot.take()
    call_command("federation_join", files[0], trust=[public_key_text(KEY)], only_known=True)
    joined = snapshot.take()
    assert joined.elsewhere["ARTIST"].listeners == 30
    with pytest.raises(CommandError, match="BUNDLE_THERE"):
        call_command("federation_join", files[0])
    assert joined.content_hash != before.content_hash
    call_command("federation_join", files[1])
    with pytest.raises(CommandError, match="BUNDLE_OLDER"):
        call_command("federation_join", files[0])
    blob = files[1].read_bytes()
    size = int.from_bytes(blob[:8], "little")
    header = json.loads(blob[8 : 8 + size])
    manifest = json.dumps(json.loads(header["__metadata__"]["earshot"]), indent=1)
    header = json.dumps({**header, "__metadata__": {"earshot": manifest}}).encode()
    files[0].write_bytes(len(header).to_bytes(8, "little") + header + blob[8 + size :])
    with pytest.raises(CommandError, match="BUNDLE_THERE"):
        call_command("federation_join", files[0])
    assert "in place of what it said before" in capsys.readouterr().out
    assert Bundle.objects.get().signer == public_key_text(KEY)
    call_command("federation_list")
    assert public_key_text(KEY) in capsys.readouterr().out
    call_command("federation_leave", public_key_text(KEY))
    assert snapshot.take().content_hash == before.content_hash
    with pytest.raises(CommandError, match="NOT_FOUND"):
        call_command("federation_leave", public_key_text(KEY))


def test_our_own_model_does_not_come_back(bundle, settings):
    """People who left since would count again."""
    settings.SIGNING_KEY = KEY
    with pytest.raises(CommandError, match="BUNDLE_OURS"):
        call_command("import_model", bundle, trust=[public_key_text(KEY)])
    assert not Bundle.objects.exists()


def test_a_bundle_is_not_passed_on(bundle, tmp_path):
    """What came from others is not given to others as one's own."""
    call_command("import_model", bundle, trust=[public_key_text(KEY)])
    assert snapshot.take().elsewhere
    assert not snapshot.take(passed_on=True).elsewhere
    with pytest.raises(CommandError, match="BUNDLE_EMPTY"):
        call_command("export_model", tmp_path / "again.earshot")


def test_a_changed_row_is_found_when_it_is_read(bundle):
    call_command("import_model", bundle, trust=[public_key_text(KEY)])
    row = Bundle.objects.get()
    assert document_read(bytes(row.body), expected=MODEL).digest == row.digest
