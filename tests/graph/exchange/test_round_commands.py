"""Three installations in one database, one after the other: a round by the commands teaches what plain files do, and is taken back."""

import re
import shutil
import stat

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Purpose, User
from accounts.signatures import public_key_text
from graph import snapshot
from graph.ml.config import ItemItemConfig
from graph.ml.data import artist_view
from graph.ml.item_item import fit_item_item
from graph.models import Artist, ArtistPlayCount, Bundle, Tag
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

KEYS = [f"{number}{number}" * 32 for number in (4, 5, 6, 7)]
PUBLIC = [public_key_text(key) for key in KEYS]
ALLOWED = (Purpose.RECORD, Purpose.CONTRIBUTE, Purpose.THIRD_PARTY)
WRITTEN = ("Known {}", "KNOWN {}", "kNOWN {}", "Known {}")


@pytest.fixture
def at(settings, tmp_path):
    """Go to an installation: its keys and folders, its people, its catalog."""

    def go(number, *, people=22):
        settings.SIGNING_KEY, settings.HOME_DIR = KEYS[number], tmp_path / f"home{number}"
        settings.HOME_DIR.mkdir(exist_ok=True)
        for model in (User, Artist, Tag, Bundle):
            model.objects.all().delete()
        artists = [factories.artist(WRITTEN[number].format(row)) for row in range(6)]
        factories.tag("folk", artists[number % 3])
        for row in range(people):
            user = factories.answered(factories.listener(f"person-{number}-{row}"), *ALLOWED)
            for artist in artists[row % 2 :: 2]:
                ArtistPlayCount.objects.create(
                    user=user, artist=artist, count=2 + number + row, source="test"
                )

    return go


class Files:
    """Where the operators leave what they send one another."""

    def __init__(self, folder):
        self.folder = folder

    def __getattr__(self, kind):
        return [self.folder / f"{kind}{number}" for number in range(4)]


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


def begun(at, files, *, servers=3):
    at(0)
    call_command("federation_round", "begin", files.hello[0])
    (held,) = held_here()
    for number in range(1, servers):
        at(number)
        call_command("federation_round", "begin", files.hello[number], "--round", held.name)
    return held.name


def held_here():
    from django.conf import settings

    return sorted((settings.HOME_DIR / "rounds").iterdir())


def mask(files, number, *, hellos=None, trust=PUBLIC, **options):
    trusted = [f"--trust={key}" for key in trust]
    call_command(
        "federation_round", "mask", files.masked[number], *(hellos or files.hello[:3]), *trusted, **options
    )


def masked(at, files):
    """All three; of the last one fewer people allow it by now than when it said hello."""
    for number, people in enumerate((22, 22, 20)):
        at(number, people=people)
        mask(files, number)
        call_command("federation_contribute", files.plain[number])


def elsewhere():
    sums = snapshot.take().elsewhere["ARTIST"]
    return [
        *(part.toarray().tolist() for part in (sums.pairs, sums.tags)), sums.diagonal.tolist(), sums.people.tolist(), sums.energy,
        sums.listeners, sums.plays,
    ]  # fmt: skip


def vectors():
    block = fit_item_item(artist_view(snapshot.take()), ItemItemConfig(dims=6), seed=0)
    return np.concatenate([block.keys, block.queries])


def test_a_round_is_what_plain_files_are_and_is_taken_back(at, files, capsys):
    round_id = begun(at, files)
    masked(at, files)
    at(0)
    before = snapshot.take().content_hash
    alone = vectors()
    for other in (1, 2):
        call_command("federation_join", files.plain[other], trust=[PUBLIC[other]])
    plain, learned = elsewhere(), vectors()
    assert plain[-2] == 42
    assert learned.tobytes() != alone.tobytes()
    call_command("federation_list")
    assert f"round {round_id} is masked" in capsys.readouterr().out

    call_command("federation_round", "join", *files.masked[:3])
    assert "of 3 servers, in place of 2 files" in capsys.readouterr().out
    assert elsewhere() == plain
    assert vectors().tobytes() == learned.tobytes()
    assert not held_here(), "neither a key nor what was masked is kept"
    with pytest.raises(CommandError, match="ROUND_UNKNOWN"):
        call_command("federation_round", "join", *files.masked[:3])
    with pytest.raises(CommandError, match="ROUND_OVERLAPS"):
        call_command("federation_join", files.plain[1], trust=[PUBLIC[1]])
    assert Bundle.objects.get().signer == f"round:{round_id}"
    call_command("federation_leave", f"round:{round_id[:6]}")
    assert snapshot.take().content_hash == before


def test_what_is_masked_leaves_once_and_its_key_is_gone(at, files):
    begun(at, files)
    at(2)
    (held,) = held_here()
    for path in (held, *held.iterdir()):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path
    key = (held / "key").read_bytes()
    mask(files, 2)
    first = files.masked[2].read_bytes()
    assert not (held / "key").exists()
    assert not any(key in path.read_bytes() for path in held.rglob("*") if path.is_file())
    with pytest.raises(CommandError, match="ROUND_KEY_USED"):
        mask(files, 2)
    assert files.masked[2].read_bytes() == first


def test_a_key_is_not_spent_on_a_file_that_cannot_be_written(at, files, tmp_path):
    begun(at, files)
    at(2)
    (held,) = held_here()
    key = (held / "key").read_bytes()
    for place in (tmp_path, tmp_path / "nowhere" / "masked"):
        with pytest.raises(CommandError, match="FILE_UNWRITABLE"):
            call_command(
                "federation_round", "mask", place, *files.hello[:3], *[f"--trust={one}" for one in PUBLIC]
            )
    assert (held / "key").read_bytes() == key
    mask(files, 2)
    assert not stat.S_IMODE(files.masked[2].stat().st_mode) & 0o077, "as every file between installations"


def test_who_drops_out_is_left_out_of_a_new_round_alone(at, files):
    """Nothing is added up without somebody's file: a round of the others begins with new keys."""
    begun(at, files)
    for number in range(2):
        at(number)
        mask(files, number)
    with pytest.raises(CommandError, match=rf"none of {re.escape(PUBLIC[2])}\. .*ROUND_INCOMPLETE"):
        call_command("federation_round", "join", *files.masked[:2])
    with pytest.raises(
        CommandError, match=rf"none of {re.escape(PUBLIC[2])}; there are several of {re.escape(PUBLIC[1])}\."
    ):
        call_command("federation_round", "join", *files.masked[:2], files.masked[1])
    assert not Bundle.objects.exists()
    (held,) = held_here()
    call_command("federation_round", "drop", held.name)
    with pytest.raises(CommandError, match="ROUND_UNKNOWN"):
        call_command("federation_round", "join", *files.masked[:2])


def test_a_round_is_left_by_its_name_as_it_was_begun():
    for name in ("ab" * 16, "ac" * 16):
        Bundle.objects.create(
            kind=Bundle.Kind.SUMS, digest=name * 2, signer=f"round:{name}", made_at=timezone.now(), body=b""
        )
    for several in ("a", "round:a"):
        with pytest.raises(CommandError, match="Several joined"):
            call_command("federation_leave", several)
    call_command("federation_leave", "ab" * 16)
    assert Bundle.objects.get().signer == f"round:{'ac' * 16}"
    call_command("federation_leave", "round:ac")
    with pytest.raises(CommandError, match="No joined installation or round"):
        call_command("federation_leave", "ac" * 16)
    with pytest.raises(CommandError, match="'nonsense' is no round's name"):
        call_command("federation_round", "drop", "nonsense")


def test_hellos_that_are_not_taken(at, files, tmp_path):
    round_id = begun(at, files)
    at(0)
    with pytest.raises(CommandError, match="ROUND_TOO_FEW"):
        mask(files, 0, hellos=files.hello[:2])
    with pytest.raises(CommandError, match="BUNDLE_UNTRUSTED"):
        mask(files, 0, trust=PUBLIC[:2])
    with pytest.raises(CommandError, match="ROUND_THERE"):
        call_command("federation_round", "begin", files.hello[3], "--round", round_id)
    with pytest.raises(CommandError, match="BUNDLE_INVALID"):
        call_command("federation_round", "begin", files.hello[3], "--round", "../../../secret_key")
    # Replayed: of an earlier round. Altered: signed, and changed since. Our own: another than we wrote.
    at(2)
    call_command("federation_round", "begin", tmp_path / "earlier")
    at(0)
    with pytest.raises(CommandError, match="ROUND_FOREIGN"):
        mask(files, 0, hellos=[*files.hello[:2], tmp_path / "earlier"])
    altered = bytearray(files.hello[2].read_bytes())
    altered[-1] ^= 1
    (tmp_path / "altered").write_bytes(altered)
    with pytest.raises(CommandError, match="BUNDLE_FORGED"):
        mask(files, 0, hellos=[*files.hello[:2], tmp_path / "altered"])
    with pytest.raises(CommandError, match="ROUND_FOREIGN"):
        mask(files, 0, hellos=[*files.hello[:3], tmp_path / "earlier"])
    at(3)
    with pytest.raises(CommandError, match="ROUND_UNKNOWN"):
        mask(files, 3)
    at(0)
    assert not files.masked[0].exists()
    mask(files, 0)  # what was refused spent no key


def test_another_servers_own_hello_is_not_ours(at, files):
    """Somebody who has our signing key, or a copy of this installation, began the same round: ours was not that."""
    round_id = begun(at, files)
    at(0)
    ours = files.hello[0].read_bytes()
    call_command("federation_round", "drop", round_id)
    call_command("federation_round", "begin", files.hello[0], "--round", round_id)
    (files.folder / "old").write_bytes(ours)
    with pytest.raises(CommandError, match="ROUND_FOREIGN"):
        mask(files, 0, hellos=[files.folder / "old", *files.hello[1:3]])


def test_masked_files_that_are_not_taken(at, files):
    begun(at, files, servers=4)
    masked(at, files)
    at(3)
    mask(files, 3, hellos=[files.hello[0], files.hello[1], files.hello[3]])
    at(0)
    with pytest.raises(CommandError, match="ROUND_FOREIGN"):
        call_command("federation_round", "join", *files.masked[:2], files.masked[3])
    # Of a server that has a part, and was masked for other hellos.
    at(1)
    shutil.rmtree(held_here()[0])
    (first,) = {path.name for path in (files.folder / "home0" / "rounds").iterdir()}
    call_command("federation_round", "begin", files.hello[1], "--round", first)
    mask(files, 1, hellos=[files.hello[1], files.hello[2], files.hello[3]])
    at(0)
    with pytest.raises(CommandError, match="ROUND_FOREIGN"):
        call_command("federation_round", "join", *files.masked[:3])
    assert not Bundle.objects.exists()


def test_nothing_leaves_of_whom_it_is_not_allowed(at, files):
    begun(at, files)
    at(0)
    User.objects.all().delete()
    with pytest.raises(CommandError, match="BUNDLE_EMPTY"):
        mask(files, 0)
    with pytest.raises(CommandError, match="BUNDLE_EMPTY"):
        call_command("federation_round", "begin", files.folder / "again")
    assert len(held_here()) == 1
