"""What a model learned from a person can be proven, and what it did not; both offline, by who holds the edges."""

import copy
import hashlib
import json

import numpy as np
import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounts.edge_proofs import (
    FULL,
    ProofInvalid,
    bucket_hash,
    bucket_of,
    leaf_in,
    leaf_of,
    leaf_write,
    node_hash,
    proven,
    root_hash,
)
from accounts.services.receipt import receipt_list
from accounts.signatures import signed
from discovery.privacy.erasure import erasure_advance, erasure_request
from graph.serving.active_model import active_version
from graph.training.edge_tree import EdgeTree
from graph.training.lineage import lineage_of, lineage_sign
from graph.training.training_edges import edges_told
from tests import factories
from tests.api.client import App
from tests.privacy.test_erasure import ben, folders, published  # noqa: F401  # fixtures

LEAF = st.integers(0, 2**64 - 1)


SALT = b"salt" * 8


def tree_of(leaves, salt=SALT, blind=b"blind"):
    return EdgeTree(np.array(sorted(leaves), dtype=np.uint64), salt=salt, blind=blind)


def shown(leaf):
    """A leaf as this tree has it, as it is written."""
    return leaf_write(leaf_in(SALT, leaf))


@given(size=st.integers(0, 300), seed=st.integers(0), asked=st.sets(LEAF, min_size=1, max_size=5))
def test_a_proof_tells_what_is_there_and_what_is_not(size, seed, asked):
    there = set(np.random.default_rng(seed).integers(0, 2**64, size, dtype=np.uint64).tolist())
    tree = tree_of(there)
    asked |= set(list(there)[:5])
    assert proven(tree.proof(asked), tree.root, asked) == {leaf: leaf in there for leaf in asked}


LEAVES = [
    int.from_bytes(hashlib.sha256(bytes([number % 256, number // 256])).digest()[:8])
    for number in range(2_000)
]
TREE = tree_of(LEAVES)


def forged(change):
    """The proof of a leaf that is there, changed."""
    proof = copy.deepcopy(TREE.proof([LEAVES[0]]))
    change(proof, next(iter(proof["buckets"].values())))
    return proof


@pytest.mark.parametrize(
    "change",
    [
        lambda _proof, bucket: bucket.remove(shown(LEAVES[0])),
        lambda _proof, bucket: bucket.insert(0, bucket[0]),
        lambda _proof, bucket: bucket.reverse(),
        lambda _proof, bucket: bucket.__setitem__(-1, leaf_write(leaf_in(SALT, LEAVES[0]) ^ 2**63)),
        lambda proof, _bucket: proof["nodes"][0].clear(),
        lambda proof, _bucket: proof["nodes"].pop(),
        lambda proof, _bucket: proof["nodes"][0].update(dict.fromkeys(proof["nodes"][0], "00" * 32)),
        lambda proof, _bucket: proof.update(depth=proof["depth"] - 1),
        lambda proof, _bucket: proof.update(depth=10**9),
        lambda proof, _bucket: proof.update(salt="00" * 32),  # under which nothing is there
        lambda proof, _bucket: proof.update(salt=""),
        lambda proof, _bucket: proof.pop("salt"),
        lambda proof, _bucket: proof.update(buckets={}),
        lambda proof, _bucket: proof.update(buckets=[]),
        lambda proof, _bucket: proof.pop("nodes"),
    ],
)  # fmt: skip
def test_a_forged_proof_fails(change):
    with pytest.raises(ProofInvalid):
        proven(forged(change), TREE.root, [LEAVES[0]])


def test_a_forged_tree_with_a_leaf_elsewhere_fails():
    """Its root is right; the leaf stands where nobody who asks for it would look."""
    leaf, empty = 2**63, bucket_hash([])
    root = root_hash(SALT, node_hash(bucket_hash([leaf]), empty)).hex()
    proof = {
        "depth": 1,
        "salt": SALT.hex(),
        "buckets": {"0": [leaf_write(leaf)]},
        "nodes": [{"1": empty.hex()}],
    }
    with pytest.raises(ProofInvalid, match="elsewhere"):
        proven(proof, root, [1])


def test_another_salt_under_which_the_leaf_is_absent_fails():
    """Whoever proves could look for one; the root is of the salt."""
    proof = TREE.proof([LEAVES[0]])
    (bucket,) = proof["buckets"]
    salts = (number.to_bytes(32) for number in range(10_000))
    found = next(salt for salt in salts if bucket_of(leaf_in(salt, LEAVES[0]), TREE.depth) == int(bucket))
    assert shown(LEAVES[0]) in proof["buckets"][bucket]
    with pytest.raises(ProofInvalid, match="another root"):
        proven({**proof, "salt": found.hex()}, TREE.root, [LEAVES[0]])


def test_a_proof_of_other_leaves_says_nothing():
    elsewhere = next(leaf for leaf in LEAVES if shown(leaf)[0] != shown(LEAVES[0])[0])
    with pytest.raises(ProofInvalid, match="says nothing"):
        proven(TREE.proof([LEAVES[0]]), TREE.root, [elsewhere])
    with pytest.raises(ProofInvalid, match="another root"):
        proven(tree_of(LEAVES[1:]).proof([LEAVES[0]]), TREE.root, [LEAVES[0]])


def test_a_proof_does_not_tell_how_many_edges_there_are():
    sizes = {len(bucket) for bucket in TREE.proof(LEAVES)["buckets"].values()}
    assert {size % FULL for size in sizes} == {0}
    assert TREE.depth == tree_of(LEAVES[:1_900]).depth
    assert tree_of(LEAVES, blind=b"other").root != TREE.root


def test_two_models_of_the_same_edges_show_nothing_that_is_in_both():
    both = [
        {leaf for bucket in tree.proof(LEAVES)["buckets"].values() for leaf in bucket}
        for tree in (TREE, tree_of(LEAVES, salt=b"next" * 8, blind=b"next"))
    ]
    assert not both[0] & both[1]


def edges_and_proof(person, model, folder):
    """As a person fetches them."""
    app = App(person)
    told = app.client.get("/privacy/training-edges.json", headers=app.headers).json()
    return told, asked(app.client, told, model, folder)


def asked(client, told, model, folder):
    answer = client.post(
        f"/privacy/models/{model.pk}/proof", {"leaves": told["leaves"]}, content_type="application/json"
    )
    assert answer["Cache-Control"] == "no-store"
    (folder / "edges.json").write_text(json.dumps(told))
    (folder / "proof.json").write_bytes(answer.content)
    return answer.json()


def checked(folder, capsys, *options):
    with CaptureQueriesContext(connection) as queries:
        call_command(
            "verify_receipt", str(folder / "proof.json"), "--edges", str(folder / "edges.json"), *options
        )
    assert len(queries) == 0
    return capsys.readouterr().out


@pytest.mark.django_db
def test_a_person_is_proven_to_be_in_and_after_erasure_not(ben, client, tmp_path, capsys):  # noqa: F811
    model = published()
    told, proof = edges_and_proof(ben, model, tmp_path)
    assert told["edges"] == sorted(list(edge) for edge in edges_told(ben))
    assert told["model"] == str(active_version().pk) == str(model.pk)
    (tmp_path / "receipts.json").write_text(json.dumps(list(receipt_list(user=ben))))
    said = checked(tmp_path, capsys, "--root", proof["root"], "--receipts", str(tmp_path / "receipts.json"))
    assert f"Model {model.pk} with root {proof['root']} learned from 6 of 6 edges of yours" in said
    key = str(erasure_request(user=ben, confirm="ben").pk)
    erasure_advance(erasure_id=key)
    clean = published()
    erasure_advance(erasure_id=key)
    absent = asked(client, told, clean, tmp_path)  # nobody is signed in
    receipts = json.loads((tmp_path / "receipts.json").read_text())
    erased = erasure_advance(erasure_id=key).receipt
    assert erased["cleanModel"]["trainingRoot"] == absent["root"]
    (tmp_path / "receipts.json").write_text(json.dumps([*receipts, erased]))
    said = checked(tmp_path, capsys, "--receipts", str(tmp_path / "receipts.json"))
    assert "learned from 0 of 6 edges of yours, and from 6 it did not" in said
    assert "the model that the receipt of the erasure names" in said
    assert absent["root"] != proof["root"]
    other = {**proof, "model": absent["model"], "manifestHash": absent["manifestHash"]}  # of another tree
    (tmp_path / "proof.json").write_text(json.dumps(signed(other, settings.SIGNING_KEY)))
    with pytest.raises(CommandError, match="names another root"):
        checked(tmp_path, capsys, "--receipts", str(tmp_path / "receipts.json"))
    (tmp_path / "proof.json").write_text(json.dumps(absent))
    (tmp_path / "receipts.json").write_text(json.dumps([erased]))
    with pytest.raises(CommandError, match="None of these receipts"):
        checked(tmp_path, capsys, "--receipts", str(tmp_path / "receipts.json"))
    with pytest.raises(CommandError, match="another root"):
        checked(tmp_path, capsys, "--root", proof["root"])


@pytest.mark.django_db
def test_what_a_model_did_not_learn_is_told_by_kind(ben, tmp_path, capsys):  # noqa: F811
    """Played for two seconds, which is no play; and a word that nobody else uses."""
    model = published()
    short = factories.track("Never heard", by=factories.artist("Never Heard Either"))
    factories.listens(ben, short, ms_played=2_000)
    factories.tag("unheard-of", short, by=ben)
    edges_and_proof(ben, model, tmp_path)
    assert "and from 3 it did not (1 of artist_plays, 1 of track_plays, 1 of track_tags)" in checked(
        tmp_path, capsys
    )


@pytest.mark.django_db
def test_what_was_signed_and_is_not_true_is_found_out(ben, tmp_path, capsys):  # noqa: F811
    told, proof = edges_and_proof(ben, published(), tmp_path)
    leaf = leaf_of(bytes.fromhex(told["key"]), told["edges"][0])
    leaf = leaf_write(leaf_in(bytes.fromhex(proof["salt"]), leaf))
    for bucket in proof["buckets"].values():
        bucket[:] = [other for other in bucket if other != leaf]
    (tmp_path / "proof.json").write_text(json.dumps(proof))
    with pytest.raises(CommandError, match="signature"):
        checked(tmp_path, capsys)
    (tmp_path / "proof.json").write_text(json.dumps(signed(proof, settings.SIGNING_KEY)))
    with pytest.raises(CommandError, match="another root"):
        checked(tmp_path, capsys)


@pytest.mark.django_db
def test_a_key_that_no_receipt_named_is_refused(ben, tmp_path, capsys):  # noqa: F811
    told, _ = edges_and_proof(ben, published(), tmp_path)
    (tmp_path / "edges.json").write_text(json.dumps(signed({**told, "key": "00" * 32}, settings.SIGNING_KEY)))
    receipts = tmp_path / "receipts.json"
    receipts.write_text(json.dumps(list(receipt_list(user=ben))))
    with pytest.raises(CommandError, match="another key"):
        checked(tmp_path, capsys, "--receipts", str(receipts))


@pytest.mark.django_db
def test_edges_are_ones_own_and_questions_have_bounds(ben, client):  # noqa: F811
    assert client.get("/privacy/training-edges.json").status_code == 401
    model, ask = published(), {"content_type": "application/json"}
    where = f"/privacy/models/{model.pk}/proof"
    deep, signs = "[" * 60_000, {"leaves": ["-00000000000000f"]}
    for body in ("[]", "no", {"leaves": ["12"]}, {"leaves": [7]}, {"other": []}, deep, signs):
        answer = client.post(where, body, **ask)
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (
            400,
            "INVALID_LEAVES",
        )
    many = client.post(where, {"leaves": ["0" * 16] * 3_001}, **ask)
    assert many.json()["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert (
        client.post(where.replace(str(model.pk), str(ben.pseudonym)), {"leaves": []}, **ask).status_code
        == 404
    )


@pytest.mark.django_db
def test_the_root_is_in_the_signed_lineage_and_told_to_everybody(ben, tmp_path):  # noqa: F811
    model = published()
    from graph.serving.storage import artifact_directory

    model.lineage = lineage_sign(model, artifact_directory(model.pk))
    model.save()
    _, proof = edges_and_proof(ben, model, tmp_path)
    assert lineage_of(model)["trainingRoot"] == proof["root"]
    assert App(None).data("{ activeModel { trainingRoot } }") == {
        "activeModel": {"trainingRoot": proof["root"]}
    }


@pytest.mark.django_db
def test_whoever_asked_in_parts_checks_them_together(ben, client, tmp_path, capsys):  # noqa: F811
    """At most so many hashes are answered at a time; one that is changed is found wherever it stands."""
    model = published()
    told, _ = edges_and_proof(ben, model, tmp_path)
    parts = [
        asked(client, {"leaves": told["leaves"][some]}, model, tmp_path) for some in (slice(2), slice(2, 6))
    ]
    (tmp_path / "edges.json").write_text(json.dumps(told))
    (tmp_path / "proof.json").write_text(json.dumps(parts[0]))
    assert "learned from 2 of 2 edges of yours, and from 0 it did not. Of 4 edges of yours more" in checked(
        tmp_path, capsys
    )
    (tmp_path / "proof.json").write_text(json.dumps(parts))
    assert "learned from 6 of 6 edges of yours, and from 0 it did not.\n" in checked(tmp_path, capsys)
    parts[1]["buckets"] = {place: held[1:] for place, held in parts[1]["buckets"].items()}
    (tmp_path / "proof.json").write_text(json.dumps([parts[0], signed(parts[1], settings.SIGNING_KEY)]))
    with pytest.raises(CommandError, match="another root"):
        checked(tmp_path, capsys)


@pytest.mark.django_db
def test_proofs_of_two_models_are_not_added_up(ben, client, tmp_path, capsys):  # noqa: F811
    """Absent from one and present in another is neither."""
    models = [published(), published()]
    told, _ = edges_and_proof(ben, models[0], tmp_path)
    both = [asked(client, told, model, tmp_path) for model in models]
    (tmp_path / "proof.json").write_text(json.dumps(both))
    with pytest.raises(CommandError, match="several models"):
        checked(tmp_path, capsys)


@pytest.mark.django_db
def test_what_was_not_looked_at_is_not_called_valid(ben, client, tmp_path, capsys):  # noqa: F811
    """Another person's edges, a proof of nothing, files that changed places, receipts without a key."""
    told, proof = edges_and_proof(ben, published(), tmp_path)
    dora = factories.sharer("dora")
    factories.listens(dora, factories.track("Dora's own"), 2)
    theirs = App(dora).client.get("/privacy/training-edges.json", headers=App(dora).headers).json()
    receipts = tmp_path / "receipts.json"
    receipts.write_text(json.dumps(list(receipt_list(user=ben))))
    nothing = asked(client, {"leaves": []}, active_version(), tmp_path)
    for file, edges, options, why in (
        (proof, theirs, (), "nothing of any edge of yours"),
        (nothing, told, (), "nothing of any edge of yours"),
        (told, proof, (), "There is no proof in"),
        (json.loads(receipts.read_text()), told, (), "There is no proof in"),
    ):
        (tmp_path / "proof.json").write_text(json.dumps(file))
        (tmp_path / "edges.json").write_text(json.dumps(edges))
        with pytest.raises(CommandError, match=why):
            checked(tmp_path, capsys, *options)
    (tmp_path / "proof.json").write_text(json.dumps(proof))
    with pytest.raises(CommandError, match="which --edges holds"):
        call_command("verify_receipt", str(tmp_path / "proof.json"), "--receipts", str(receipts))
