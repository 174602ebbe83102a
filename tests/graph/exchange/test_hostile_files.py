"""A file that is not what it should be is refused with its code, and nothing of it comes in."""

import errno
import json
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from safetensors.numpy import save

from accounts.signatures import public_key_text
from discovery.platform.errors import InvalidInput
from graph.elsewhere import document as documents
from graph.elsewhere.document import METADATA, document_write
from graph.exchange.files import drafted, file_read, file_write
from graph.models import Artist, Bundle, ModelVersion, Tag, TrainingRun
from tests.graph.exchange.conftest import KEY, OTHER_KEY

pytestmark = pytest.mark.django_db


def rewritten(document, *, secret=KEY, told=None, **arrays):
    """The file with other arrays (``x__y`` for "x.y"), signed anew."""
    changed = document.arrays | {name.replace("__", "."): array for name, array in arrays.items()}
    return document_write({**document.manifest, **(told or {})}, changed, secret)


def with_nan(document):
    codes = document.arrays["artist.prior"].copy()
    codes[0] = np.nan
    return rewritten(document, artist__prior=codes)


def changed_after_signing(document):
    arrays = dict(document.arrays)
    arrays["artist.prior"] = arrays["artist.prior"] + 1
    return save(arrays, metadata={METADATA: json.dumps(document.manifest)})


def with_names(document, names):
    from graph.packed_names import PackedNames

    packed = PackedNames.of(names)
    return rewritten(document, artists__name__letters=packed.letters, artists__name__stops=packed.stops)


def names_of(document):
    from graph.elsewhere.names import names_read

    return list(names_read(document.arrays).artists)


def two_called_the_same(document):
    names = names_of(document)
    return with_names(document, [names[0].upper(), *names[:1], *names[2:]])


def a_name_with_control_characters(document):
    return with_names(document, ["\x1b[31mred", *names_of(document)[1:]])


def without_a_view(document):
    return rewritten(document, told={"views": {"ALBUM": {}}})


def one_item_twice(document):
    items = document.arrays["artist.items"].copy()
    items[1] = items[0]
    return rewritten(document, artist__items=items)


def a_place_beyond_all(document):
    items = document.arrays["artist.items"].copy()
    items[-1] = 10**6
    return rewritten(document, artist__items=items)


def fewer_numbers(document):
    return rewritten(document, artist__codes=document.arrays["artist.codes"][:-1])


def a_rule_without_end(document):
    views = json.loads(json.dumps(document.manifest["views"]))
    views["ARTIST"]["channels"]["OWN"]["gain"] = 1e300
    return rewritten(document, told={"views": views})


def sources_that_overlap(document):
    views = json.loads(json.dumps(document.manifest["views"]))
    views["ARTIST"]["sources"][1]["start"] = 0
    return rewritten(document, told={"views": views})


def all_of(name, value):
    """The file with this array's every number another."""
    return lambda d: rewritten(d, **{name.replace(".", "__"): np.full_like(d.arrays[name], value)})


def without(name):
    def made(document):
        arrays = {other: array for other, array in document.arrays.items() if other != name}
        return document_write(document.manifest, arrays, KEY)

    return made


def told(change):
    """The file whose manifest says something else of artists."""

    def made(document):
        views = json.loads(json.dumps(document.manifest["views"]))
        change(views)
        return rewritten(document, told={"views": views})

    return made


def an_identifier_that_is_none(document):
    from graph.packed_names import PackedNames

    packed = PackedNames.of(["../../x\x1b[31m", *[""] * (len(names_of(document)) - 1)])
    return rewritten(document, artists__mbid__letters=packed.letters, artists__mbid__stops=packed.stops)


HOSTILE = {
    "BUNDLE_UNREADABLE": [
        lambda _: b"",
        lambda _: b"PK\x03\x04../../etc/passwd",
        lambda _: (2**60).to_bytes(8, "little") + b"{}",
        lambda d: rewritten(d)[:-7],
        lambda d: save(d.arrays),
        lambda d: rewritten(d, told={"type": "EarshotSums"}),
        lambda d: save(d.arrays, metadata={METADATA: "[" * 100_000}),
    ],
    "BUNDLE_FORGED": [
        changed_after_signing,
        lambda d: save(d.arrays, metadata={METADATA: json.dumps({**d.manifest, "dtype": "float32"})}),
        lambda d: save(d.arrays, metadata={METADATA: json.dumps({k: v for k, v in d.manifest.items() if k != "proof"})}),
    ],
    "BUNDLE_UNTRUSTED": [lambda d: rewritten(d, secret=OTHER_KEY)],
    "BUNDLE_INVALID": [
        with_nan, two_called_the_same, a_name_with_control_characters, without_a_view, one_item_twice, a_place_beyond_all,
        fewer_numbers, a_rule_without_end, sources_that_overlap, lambda d: rewritten(d, told={"madeAt": "soon"}),
        # What serves, and no training could begin with.
        without("artist.rows"), without("artist.weight"), without("artist.people"), all_of("artist.rows_step", 3e38),
        all_of("artist.weight", -1), all_of("artist.people", -7), all_of("artist.prior", 3e38),
        told(lambda views: views["ARTIST"].pop("unit")), told(lambda views: views["ARTIST"].pop("listeners")),
        told(lambda views: views["ARTIST"].update(sources={})), told(lambda views: views.update(TRACK={})),
        told(lambda views: views.update(ARTIST=[])), lambda d: rewritten(d, told={"config": "none"}), an_identifier_that_is_none,
    ],
}  # fmt: skip
CASES = [(code, made) for code, all_made in HOSTILE.items() for made in all_made]


@pytest.mark.parametrize(("code", "made"), CASES)
def test_it_is_refused_and_changes_nothing(document, tmp_path, artifact_dir, code, made):
    path = tmp_path / "model.earshot"
    path.write_bytes(made(document))
    with pytest.raises(CommandError, match=rf"\({code}\)"):
        call_command("import_model", path, trust=[public_key_text(KEY)])
    for model in (Artist, Tag, Bundle, ModelVersion, TrainingRun):
        assert not model.objects.exists(), model
    assert not list(artifact_dir.iterdir())


def test_names_in_a_refusal_are_no_commands_to_a_terminal(document, tmp_path):
    path = tmp_path / "model.earshot"
    path.write_bytes(
        document_write(document.manifest, {**document.arrays, "x\x1b[2J": np.full(1, np.nan)}, KEY)
    )
    with pytest.raises(CommandError) as refused:
        call_command("import_model", path, trust=[public_key_text(KEY)])
    assert "x?[2J" in str(refused.value)


def test_bytes_of_one_array_are_no_part_of_anothers_name():
    one = {"a": np.frombuffer(b"b:|u1:(1,);x", dtype=np.uint8)}
    other = {"a": np.zeros(0, dtype=np.uint8), "b": np.frombuffer(b"x", dtype=np.uint8)}
    assert documents.arrays_hash(one) != documents.arrays_hash(other)


def test_what_is_written_is_its_owners_and_follows_no_link(tmp_path):
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    theirs.write_text("kept")
    ours.symlink_to(theirs)
    (tmp_path / "ours.part").symlink_to(theirs)
    file_write(ours, b"written")
    assert theirs.read_text() == "kept"
    assert not ours.is_symlink()
    assert ours.stat().st_mode & 0o077 == 0
    with pytest.raises(InvalidInput, match="no file"):
        file_read(Path("/dev/zero"), expected=documents.MODEL, trusted=[])


def test_what_is_too_large_is_not_read(document, tmp_path, monkeypatch):
    monkeypatch.setattr("graph.exchange.files.LARGEST", 1_000)
    path = tmp_path / "model.earshot"
    path.write_bytes(rewritten(document))
    with pytest.raises(CommandError, match=r"larger than 1000 bytes.*BUNDLE_UNREADABLE"):
        call_command("import_model", path, trust=[public_key_text(KEY)])
    assert documents.LARGEST > 1_000


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(CommandError, match="BUNDLE_UNREADABLE"):
        call_command("import_model", tmp_path / "nothing")


@pytest.mark.parametrize(
    "command",
    [
        ("export_model", "{}"),
        ("export_model", "{folder}/model", "--onnx", "{}"),
        ("federation_contribute", "{}"),
        ("federation_round", "begin", "{}"),
    ],
)
@pytest.mark.parametrize("place", ["{folder}", "{folder}/nowhere/file"])
def test_where_nothing_can_be_written_nothing_is_made(tmp_path, settings, command, place):
    """It is asked first: before a training, before people are looked up (here are none), before a round has a key."""
    settings.HOME_DIR = tmp_path / "home"
    said = [part.format(place.format(folder=tmp_path), folder=tmp_path) for part in command]
    with pytest.raises(CommandError, match="FILE_UNWRITABLE"):
        call_command(*said)
    assert not list(tmp_path.iterdir())


def test_what_breaks_off_leaves_neither_a_draft_nor_half_a_file(tmp_path):
    path = tmp_path / "model"
    path.write_bytes(b"before")

    def breaks_off():
        with drafted(path) as draft:
            draft.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left")

    with pytest.raises(InvalidInput, match="No space left"):
        breaks_off()
    assert [one.name for one in tmp_path.iterdir()] == ["model"]
    assert path.read_bytes() == b"before"


def test_the_graph_does_not_take_the_place_of_the_model(tmp_path):
    with pytest.raises(CommandError, match="another file"):
        call_command("export_model", tmp_path / "model", "--onnx", tmp_path / "model")
