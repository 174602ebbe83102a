"""A model of another installation becomes one of this one's versions, and what the next training begins with."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction

from discovery.platform.errors import Conflict, NotFound, TrainingFailed
from graph import snapshot
from graph.elsewhere.document import MODEL, Document
from graph.elsewhere.held import names_of
from graph.elsewhere.laid_over import sums_laid
from graph.elsewhere.names import Named, names_read
from graph.exchange.bring import names_bring
from graph.exchange.files import ensure_not_ours, file_read, made_at
from graph.exchange.laid_model import config_of, model_laid
from graph.ml.data import views
from graph.ml.evaluate import measure
from graph.ml.export import write_artifact
from graph.ml.split import split_snapshot
from graph.ml.train import FittedRecommender
from graph.models import Bundle, ModelVersion
from graph.snapshot import GraphSnapshot, Plays
from graph.training import publish
from graph.training.lease import Heartbeat, lease_claim, lease_fail
from graph.training.promotion import not_measured
from graph.training.run import BY_HAND, holder_name
from graph.training.training_edges import edges_write

State = ModelVersion.State


@dataclass(frozen=True, kw_only=True)
class Received:
    """What came of an import."""

    version: ModelVersion
    bundle: Bundle | None  # None where its promotion was refused
    brought: dict[str, int]  # what the catalog had not


def model_import(path: Path, *, trusted: Collection[str] = ()) -> Received:
    """Read, check, and publish a model of another installation; remember it as what the next training begins with.

    Raises InvalidInput or NotAllowed as `file_read` does, InvalidInput (BUNDLE_OURS) for our own, which people may have left since, and
    Conflict (BUNDLE_THERE) where it was imported before; then nothing has changed.
    """
    document, blob = file_read(path, expected=MODEL, trusted=trusted)
    ensure_not_ours(document)
    moment = made_at(document)
    if Bundle.objects.filter(digest=document.digest).exists():
        raise Conflict("This very file was imported before.", code="BUNDLE_THERE")
    named = names_read(document.arrays)
    ensure_holds_together(document, named)
    brought = names_bring(named)
    version = _published(document)
    if version.state == State.REJECTED:
        return Received(version=version, bundle=None, brought=brought)
    bundle = Bundle.objects.create(
        kind=Bundle.Kind.MODEL, digest=document.digest, signer=document.signer, made_at=moment, body=blob
    )
    return Received(version=version, bundle=bundle, brought=brought)


def ensure_holds_together(document: Document, named: Named) -> None:
    """Raises InvalidInput (BUNDLE_INVALID) where it does not serve, or no training could begin with it.

    Tried on a catalog that knows one artist and one track more, so that every kind it tells of is looked at.
    """
    known = replace(
        named, artists=[*named.artists, ""], artist_mbids=[*named.artist_mbids, ""], titles=[*named.titles, ""],
        track_mbids=[*named.track_mbids, ""], track_isrcs=[*named.track_isrcs, ""],
        track_artist=np.append(np.asarray(named.track_artist, dtype=np.int32), np.int32(len(named.artists))),
    )  # fmt: skip
    model_laid(document, catalog_of(known), known)
    sums_laid([document], known)


@transaction.atomic
def model_forget(digest: str) -> Bundle:
    """Begin no training with this imported model any more; what serves goes on until the next. Raises NotFound."""
    found = (
        list(Bundle.objects.filter(kind=Bundle.Kind.MODEL, digest__startswith=digest)[:2]) if digest else []
    )
    if len(found) != 1:
        raise NotFound("No imported model goes by this.")
    found[0].delete()
    return found[0]


def _published(document: Document) -> ModelVersion:
    lease = lease_claim(key=f"{BY_HAND}import:{uuid.uuid4()}", holder=holder_name())
    if lease is None:
        raise TrainingFailed("the run was taken")
    try:
        with Heartbeat(lease) as heart:
            heart.report(0.1, "taking the snapshot")
            taken = snapshot.take()
            fitted = fitted_laid(document, taken, names_of(taken.artists, taken.tracks, taken.tags))
            heart.report(0.5, "measuring")
            metrics = _measured(fitted, taken)

            def write(directory: Path) -> None:
                edges = edges_write(taken.without(np.ones(len(taken.users), dtype=bool)), directory)
                extra = {
                    "metrics": metrics,
                    "run": lease.key,
                    "training_edges": edges,
                    "imported": imported_of(document),
                }
                write_artifact(fitted, directory, extra)

            return publish.model_publish(
                lease=lease,
                write=write,
                data_hash=document.digest,
                ledger_position=taken.ledger_position,
                deletion_position=taken.deletion_position,
                config=asdict(fitted.config),
                metrics=metrics,
            )
    except BaseException as error:
        lease_fail(lease, error=f"{type(error).__name__}: {error}")
        raise


def imported_of(document: Document) -> dict[str, Any]:
    """Where an imported model comes from, as its lineage tells it."""
    return {"digest": document.digest, "signer": document.signer, "madeAt": document.manifest.get("madeAt")}


def fitted_laid(document: Document, taken: GraphSnapshot, ours: Named) -> FittedRecommender:
    """The imported model over this catalog, as a training would have left it."""
    arrays, description = model_laid(document, taken, ours)
    return FittedRecommender(
        arrays=arrays,
        description=description,
        config=config_of(document),
        snapshot_hash=document.digest,
        ledger_position=taken.ledger_position,
    )


def _measured(fitted: FittedRecommender, taken: GraphSnapshot) -> dict[str, Any]:
    """How well it finds what was held out of the plays here: it has seen none of them."""
    artifact = fitted.artifact()
    sizes = {
        "users": len(taken.users),
        "artist_plays": len(taken.artist_plays.user),
        "track_plays": len(taken.track_plays.user),
    }
    learned = {
        view.kind: int(index.learned.sum())
        for view in views(taken)
        if (index := artifact.index(view.kind)) is not None
    }
    measured = measure(split_snapshot(taken, seed=0), artifact).to_dict()
    metrics = {**measured, "data": sizes, "learned": learned}
    return {**metrics, "not_measured": not_measured(metrics)}


def catalog_of(named: Named) -> GraphSnapshot:
    """A catalog that holds what a document names and nothing else, for trying it before anything is kept."""
    nothing = np.zeros(0, dtype=np.int32)
    none = Plays(user=nothing, item=nothing, count=np.zeros(0, dtype=np.float32))
    said = snapshot.NOTHING_SAID
    artists, tracks, tags = (
        np.arange(1, size + 1, dtype=np.int64)
        for size in (len(named.artists), len(named.titles), len(named.tags))
    )
    return GraphSnapshot(
        users=np.zeros(0, dtype=np.int64), discoverable=np.zeros(0, dtype=bool), artists=artists, tracks=tracks, tags=tags,
        artists_open=np.ones(len(artists), dtype=bool), tracks_open=np.ones(len(tracks), dtype=bool),
        track_artist=np.asarray(named.track_artist, dtype=np.int32), artist_plays=none, track_plays=none, artist_tags=said,
        track_tags=said, friendships=np.zeros((0, 2), dtype=np.int32), ledger_position=0,
    )  # fmt: skip
