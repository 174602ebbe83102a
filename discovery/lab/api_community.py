"""The communities that the cost of the API is measured on: the real one, the sample one, and 42,000 generated people.

Each stands in a database of its own, for measuring writes plays, votes and feedback.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import connection
from django.db.models import Model
from django.utils import timezone

from accounts.intake import observable, observed_keep
from accounts.models import Friendship, PersonalizationLevel, Purpose, User
from accounts.services.consent import consents_grant_many
from discovery.platform.errors import Conflict
from graph.bench.generate import Size, generate
from graph.models import Artist, Listen, ModelVersion, Standing, Track
from graph.serving.active_model import active_version
from graph.serving.storage import artifact_directory, manifest_hash
from graph.snapshot import GraphSnapshot, take

if TYPE_CHECKING:
    from graph.ml.config import RecommenderConfig

Row = TypeVar("Row", bound=Model)
Tell = Callable[[str], None]

MARK = "bench-api.json"  # in EARSHOT_HOME: this database was made to be measured on
PURPOSES = (
    Purpose.RECORD,
    Purpose.SELF,
    Purpose.CONTRIBUTE,
    Purpose.SOCIAL_IN,
    Purpose.SOCIAL_OUT,
    Purpose.NAMED,
    Purpose.DISCOVERABLE,
)
AT_ONCE = 2_000  # rows a statement


@dataclass(frozen=True, kw_only=True)
class Generated(Size):
    """How many of what are made up; of friendships at most so many. A sample community has at most 300 people."""

    plays: int = 250_000
    people: int = 42_000
    friendships: int = 107_000

    @property
    def users(self) -> int:
        return self.people


def community_prepare(kind: str, *, data: Path | None, generated: Generated, tell: Tell) -> None:
    """Make the database hold the community ``kind`` ("real", "sample" or "generated") and a model, unless it does.

    Raises:
        Conflict: it holds people who are not that community.

    """
    call_command("migrate", verbosity=0)
    mark = Path(settings.HOME_DIR) / MARK
    marked = {"community": kind, "database": str(settings.DATABASES["default"]["NAME"])}
    if User.objects.exists() and not (mark.exists() and json.loads(mark.read_text()) == marked):
        raise Conflict(
            "This database holds people, and measuring writes plays, votes and feedback: it needs one of its own."
        )
    if not User.objects.exists():
        tell(f"storing the {kind} community")
        _store(kind, data, generated)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(json.dumps(marked), encoding="utf-8")
    if active_version() is not None:
        return
    tell("training a model")
    if kind == "real":
        call_command("train_recommender")
    else:
        model_quick(tell=tell)


def _store(kind: str, data: Path | None, generated: Generated) -> None:
    if kind == "generated":
        generated_store(generated)
    elif kind == "sample":
        call_command("create_sample_community", listeners=min(generated.people, 300), verbosity=0)
    else:
        call_command("import_lastfm", str(data), assume_consent=True, verbosity=0)
    with connection.cursor() as cursor:
        # A database learns sooner or later how its rows are spread; without, a snapshot of 42,000 people takes SQLite
        # ten minutes instead of two seconds.
        cursor.execute("ANALYZE")


def generated_store(size: Generated) -> None:
    """Store a generated community whose people granted all that the surfaces ask for."""
    drawn = generate(size)
    people = _people(size.people)
    artists = _bulk(
        Artist,
        (Artist(name=f"Artist {number}", standing=Standing.CATALOG) for number in range(len(drawn.artists))),
    )
    owners = drawn.track_artist.tolist()
    tracks = _bulk(
        Track,
        (
            Track(
                title=f"Track {number}",
                artist=artists[owner],
                duration_ms=200_000,
                standing=Standing.CATALOG,
            )
            for number, owner in enumerate(owners)
        ),
    )
    _bulk(Friendship, _friendships(drawn, people, size.friendships))
    consents_grant_many(users=people, purposes=PURPOSES)
    observed_keep(list(_listens(drawn, people, tracks)), people=observable())


def _people(count: int) -> list[User]:
    return _bulk(
        User,
        (
            User(
                username=f"generated-{number}",
                level=PersonalizationLevel.CONTEXT,
                password=make_password(None),
            )
            for number in range(count)
        ),
    )


def _listens(drawn: GraphSnapshot, people: Sequence[User], tracks: Sequence[Track]) -> Iterable[Listen]:
    """One play for each pair of a listener and a track, spread over the last 60 days."""
    plays = drawn.track_plays
    minutes = np.random.default_rng(1).integers(60 * 24 * 60, size=len(plays.user)).tolist()
    now = timezone.now()
    for number, (user, track) in enumerate(zip(plays.user.tolist(), plays.item.tolist(), strict=True)):
        yield Listen(
            user=people[user], track=tracks[track], ms_played=180_000, source="generated",
            source_id=str(number), listened_at=now - timedelta(minutes=minutes[number]),
        )  # fmt: skip


def _friendships(drawn: GraphSnapshot, people: Sequence[User], count: int) -> Iterable[Friendship]:
    pairs = np.random.default_rng(2).permutation(drawn.friendships)[:count]
    now = timezone.now()
    for low, high in pairs.tolist():
        yield Friendship(
            low=people[low], high=people[high], requested_by=people[low],
            state=Friendship.State.ACCEPTED, accepted_at=now,
        )  # fmt: skip


def _bulk(model: type[Row], rows: Iterable[Row]) -> list[Row]:
    return model._default_manager.bulk_create(rows, batch_size=AT_ONCE)  # noqa: SLF001  # Django's name for it


def model_quick(*, tell: Tell) -> ModelVersion:
    """Serve a model of item vectors as wide as usual, hardly trained, and without the index of friends.

    It is measured for the time of its answers, not for how good they are, so that it passes no gate.
    """
    from graph.ml.config import NetworkConfig, RecommenderConfig
    from graph.training.communities import communities_refresh

    config = RecommenderConfig(network=NetworkConfig(epochs=1))
    taken = take()
    tell("finding communities")
    communities_refresh(taken)
    version = ModelVersion(
        state=ModelVersion.State.ACTIVE, activated_at=timezone.now(), data_hash=taken.content_hash,
        ledger_position=taken.ledger_position, config=asdict(config), metrics={},
    )  # fmt: skip
    directory = artifact_directory(version.pk)
    directory.mkdir(parents=True)
    _write_item_vectors(taken, config, directory, tell)
    version.manifest_hash = manifest_hash(directory)
    version.save(force_insert=True)
    return version


def _write_item_vectors(taken: GraphSnapshot, config: RecommenderConfig, directory: Path, tell: Tell) -> None:
    from graph.ml.data import views
    from graph.ml.export import write_artifact
    from graph.ml.sources import fit_sources
    from graph.ml.train import FittedRecommender, assemble_view, index_assembled
    from graph.ml.words import fit_words

    arrays: dict[str, Any] = {}
    described: dict[str, Any] = {}
    for view in views(taken):
        tell(f"fitting {view.kind.lower()} vectors")
        blocks = fit_sources(view, config, lambda _fraction, _step: None)
        fitted, described[view.kind] = assemble_view(view, blocks, config.blend)
        index = index_assembled(view, fitted, described[view.kind])
        fitted |= fit_words(view, index.queries)
        arrays |= {f"{view.kind.lower()}.{name}": array for name, array in fitted.items()}
    write_artifact(
        FittedRecommender(
            arrays=arrays, description={"views": described}, config=config,
            snapshot_hash=taken.content_hash, ledger_position=taken.ledger_position,
        ),
        directory,
        {},
    )  # fmt: skip
