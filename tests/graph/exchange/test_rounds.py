"""Sums of three servers under masks: together they are the plain sums to the bit, and no file of them says anything by itself."""

from contextlib import contextmanager
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from accounts.signatures import public_key_text
from discovery.platform.errors import EarshotError
from graph.bench.federated import apart, memory_of_sums
from graph.bench.federated_rounds import hellos_written, round_of
from graph.elsewhere.document import MASKED, SUMS, document_read
from graph.elsewhere.laid_over import MOST, sums_laid
from graph.elsewhere.large import large_read, large_write
from graph.elsewhere.names import artist_keys
from graph.exchange.contribute import Noise
from graph.exchange.rounds import cells
from graph.exchange.rounds.agreement import agreement_of, hello_read
from graph.exchange.rounds.cells import Share, layout, share_document, share_of
from graph.exchange.rounds.masks import added_up, masked, masks_of
from graph.ml.data import artist_view
from graph.packed_names import PackedNames
from tests.graph.exchange.conftest import called
from tests.graph.ml.worlds import clusters

UNIFORM = 420.0  # chi-squared with 255 degrees of freedom is above this once in 10⁹


@pytest.fixture(scope="module")
def world():
    tags = PackedNames.of(["rock", "jazz", "folk"])
    return replace(clusters(users=270, items=24), tag_names=tags)


@pytest.fixture(scope="module")
def thirds(world):
    number = np.arange(len(world.users)) // 3 % 3
    return [world.without(number != server) for server in range(3)]


@pytest.fixture(scope="module")
def three(thirds, tmp_path_factory):
    return round_of(thirds, tmp_path_factory.mktemp("round"))


def read_whole(path):
    return np.concatenate(list(large_read(path, expected=MASKED).blocks(1000)))


def bytes_of(words):
    """How unevenly bytes are spread, as chi-squared."""
    count = np.bincount(words.view(np.uint8), minlength=256)
    return float(((count - count.mean()) ** 2).sum() / count.mean())


@contextmanager
def refused(code):
    with pytest.raises(EarshotError) as caught:
        yield
    assert caught.value.specific_code == code


@pytest.mark.parametrize("noise", [None, Noise(epsilon=1.0)])
def test_added_up_they_are_the_plain_sums_to_the_bit(thirds, tmp_path, noise):
    three = round_of(thirds, tmp_path, noise=noise)
    size = three.parts[-1].stop
    files = np.add.reduce([read_whole(path) for path in three.files])
    plain = np.add.reduce([share.dense(0, size) for share in three.shares])
    assert files.tobytes() == plain.tobytes()
    for server in range(3):
        by_round, same = three.others(server), three.plain_others(server)
        assert by_round.manifest["arrays"] == same.manifest["arrays"]
        assert len(by_round.arrays["artist.pair_sum"]) > 20


def test_a_round_teaches_what_plain_files_do(world, thirds, three, small_config):
    """Where the agreed cells are all that plain files have, the vectors are the same."""
    agreed = set(artist_keys(three.agreement.named))
    names = called(world)
    for document in three.plain:
        theirs = sums_laid([document], names)["ARTIST"]
        pairs = theirs.pairs.tocoo()
        keys = np.array(list(artist_keys(names)), dtype=object)
        inside = np.isin(keys[pairs.row], list(agreed)) & np.isin(keys[pairs.col], list(agreed))
        assert inside.mean() > 0.9, "the world is one in which servers know much the same"
    joined = memory_of_sums(world, [three.others(0)], small_config.memory)
    plain = memory_of_sums(world, [three.plain_others(0)], small_config.memory)
    assert apart(joined, plain) < 1e-5
    assert apart(joined, memory_of_sums(world, [three.others(1)], small_config.memory)) > 1e-3


def test_a_file_alone_and_all_but_one_are_uniform_words(three):
    size = three.parts[-1].stop
    whole = [read_whole(path) for path in three.files]
    plain = [share.dense(0, size) for share in three.shares]
    assert bytes_of(plain[0]) > 100 * UNIFORM, "or the test would find nothing"
    for some in [*combinations(range(3), 1), *combinations(range(3), 2)]:
        together = np.add.reduce([whole[server] for server in some])
        assert bytes_of(together) < UNIFORM
        assert (together != np.add.reduce([plain[server] for server in some])).all(), "zeros, too"
    assert bytes_of(np.add.reduce(whole)) > 100 * UNIFORM


def test_a_plain_contribution_is_read_back_from_cells(three):
    for share, secret in zip(three.shares, three.secrets, strict=True):
        blob = share_document(share, three.agreement, three.parts, secret=secret, told={})
        again = share_of(document_read(blob, expected=SUMS), three.agreement, three.parts)
        assert (again.at.tolist(), again.value.tolist()) == (share.at.tolist(), share.value.tolist())


def test_no_cell_is_of_fewer_than_ten_people(thirds, three):
    part = three.parts[0]
    names = [int(str(name).split()[1]) for name in three.agreement.named.artists]
    for third, share in zip(thirds, three.shares, strict=True):
        played = artist_view(third).taught.toarray() > 0
        there, _ = share.among(part.pairs, part.stop)
        starts = part.row_starts()
        low = np.searchsorted(starts, there, side="right") - 1
        items = [names[row] for row in part.items.tolist()]
        pairs = zip(low.tolist(), (low + there - starts[low]).tolist(), strict=True)
        people = [(played[:, items[a]] & played[:, items[b]]).sum() for a, b in pairs]
        assert len(people) > 20
        assert min(people) >= 10


# --- refused ---------------------------------------------------------------------------------


def hellos_of(thirds, *, keys=None):
    keys = keys or [X25519PrivateKey.generate() for _ in thirds]
    return [
        hello_read(document) for document in hellos_written(thirds, keys, ["aa" * 32, "bb" * 32, "cc" * 32])
    ]


def test_hellos_that_make_no_round(thirds):
    one, other, third = hellos_of(thirds)
    assert len(agreement_of([one, other, third]).items["ARTIST"]) > 20
    assert agreement_of([third, one, other]).digest == agreement_of([one, other, third]).digest
    with refused("ROUND_TOO_FEW"):
        agreement_of([one, other])
    with refused("ROUND_FOREIGN"):
        agreement_of([one, other, replace(third, round_id="11" * 16)])
    with refused("ROUND_FOREIGN"):
        agreement_of([one, other, replace(third, signer=one.signer)])
    with refused("ROUND_KEY_USED"):
        agreement_of([one, other, replace(third, public=one.public)])
    with refused("ROUND_EMPTY"):
        agreement_of([one, other, replace(third, items={})])


def test_a_key_with_which_nothing_is_secret(thirds):
    keys = [X25519PrivateKey.generate() for _ in thirds]
    one, other, third = hellos_of(thirds, keys=keys)
    agreement = agreement_of([one, other, replace(third, public=bytes(32))])
    with refused("BUNDLE_INVALID"):
        masks_of(keys[0].private_bytes_raw(), agreement, signer=one.signer)


def test_what_is_too_large(three, monkeypatch):
    agreement, parts = three.agreement, three.parts
    share = three.shares[0]
    value = share.value.copy()
    value[-1] = MOST // 3 + 1  # of one server: three of these pass what a document may say
    blob = share_document(Share(share.at, value), agreement, parts, secret="aa" * 32, told={})
    with refused("ROUND_TOO_LARGE"):
        share_of(document_read(blob, expected=SUMS), agreement, parts)
    monkeypatch.setattr(cells, "MOST_CELLS", parts[-1].stop - 1)
    with refused("ROUND_TOO_LARGE"):
        layout(agreement)


def test_masks_differ_with_whom_they_are_for(thirds):
    """The same keys for other hellos, or in another round, mask with other words."""
    keys = [X25519PrivateKey.generate() for _ in thirds]
    hellos = hellos_of(thirds, keys=keys)
    agreement = agreement_of(hellos)
    seeds = [
        mask.seed
        for one in (agreement, replace(agreement, digest="00" * 32), replace(agreement, round_id="22" * 16))
        for mask in masks_of(keys[0].private_bytes_raw(), one, signer=hellos[0].signer)
    ]
    assert len(set(seeds)) == 6
    first, second = (
        masks_of(key.private_bytes_raw(), agreement, signer=hello.signer)
        for key, hello in zip(keys[:2], hellos[:2], strict=True)
    )
    shared = {mask.seed: mask.adds for mask in first}
    (common,) = [mask for mask in second if mask.seed in shared]
    assert common.adds != shared[common.seed]


def test_what_does_not_add_up(three, tmp_path):
    size = three.parts[-1].stop
    read = [large_read(path, expected=MASKED) for path in three.files]

    def together(files):
        return added_up([one.blocks(700) for one in files], three.shares[0], size=size)

    assert together(read[::-1]).value.tolist() == together(read).value.tolist()
    with refused("ROUND_GARBLED"):
        together(read[:2])
    with refused("ROUND_GARBLED"):
        together([*read[:2], read[0]])
    wrong = tmp_path / "wrong"
    large_write(wrong, {"type": MASKED}, [np.arange(size, dtype=np.uint64)], size=size, secret="aa" * 32)
    with refused("ROUND_GARBLED"):
        together([*read[:2], large_read(wrong, expected=MASKED)])
    for place in (-1, -8 * size):  # the last byte, and the lowest of the first word
        changed = bytearray(three.files[2].read_bytes())
        changed[place] ^= 1
        wrong.write_bytes(changed)
        with refused("BUNDLE_FORGED"):
            together([*read[:2], large_read(wrong, expected=MASKED)])


def one_digit_changed(blob):
    """The hash of what is in it, as the manifest tells it, is another."""
    before, told, after = blob.partition(rb"arrays\": \"")
    return before + told + (b"0" if after[:1] != b"0" else b"1") + after[1:]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (lambda blob: blob[:-8], "BUNDLE_UNREADABLE"),
        (lambda blob: blob + bytes(8), "BUNDLE_UNREADABLE"),
        (one_digit_changed, "BUNDLE_FORGED"),
        (lambda _: b"", "BUNDLE_UNREADABLE"),
        (lambda _: (2**60).to_bytes(8, "little") + b"{}", "BUNDLE_UNREADABLE"),
        (lambda blob: blob.replace(b"EarshotRoundMasked", b"EarshotRoundHello!"), "BUNDLE_UNREADABLE"),
    ],
)
def test_a_masked_file_of_another_form(three, tmp_path, changed, code):
    path = tmp_path / "masked"
    path.write_bytes(changed(three.files[0].read_bytes()))
    with refused(code):
        large_read(path, expected=MASKED)


def test_a_small_masked_file_is_a_document_like_any_other(three):
    from safetensors.numpy import load

    blob = three.files[0].read_bytes()
    assert load(blob)["cells"].tobytes() == read_whole(three.files[0]).tobytes()
    assert large_read(three.files[0], expected=MASKED).signer == public_key_text(three.secrets[0])


def test_cells_in_blocks_are_the_cells(three):
    share, size = three.shares[0], three.parts[-1].stop
    blocks = [share.dense(start, min(start + 333, size)) for start in range(0, size, 333)]
    assert np.concatenate(blocks).tobytes() == share.dense(0, size).tobytes()
    assert np.concatenate(list(masked(share, [], size=size))).tobytes() == share.dense(0, size).tobytes()
