"""A large installation to measure serving on: a model of many items, and many people with friends, written in bulk.

Everybody can be found, shares with friends and contributes, and has a few plays; some viewers and all of their friends have a
history, and said everything themselves, so that the ledger tells it. Of the others the ledger has no lines: what serving
reads is the projection. Friends are drawn in circles, nine in ten within one's own.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from importlib import import_module
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from safetensors.numpy import load, save

from accounts.models import ConsentActor, ConsentState, Friendship, PersonalizationLevel, Purpose, User
from accounts.policy_text import policy_text_current
from accounts.services.consent import consents_grant_many
from discovery.lab.api_community import PURPOSES
from discovery.platform.errors import Conflict, ServiceFailed
from graph.arrays import Ids
from graph.bench.spread import Spread, spread
from graph.models import Listen, ModelVersion, Standing
from graph.serving.artifact import FORMAT_VERSION, MANIFEST, TENSORS, Artifact
from graph.serving.storage import artifact_directory, manifest_hash

name_starts = import_module("accounts.migrations.0032_name_starts")

Tell = Callable[[str], None]

MARK = "bench-serving.json"  # in EARSHOT_HOME: this database was made to be measured on
FRIENDS, CIRCLE, WITHIN = (
    8,
    500,
    0.9,
)  # friends of each on average; people of a circle; friendships within one
HISTORY, FEW = 60, 2  # plays of viewers and their friends, and of everybody else
SHARED = (Purpose.DISCOVERABLE, Purpose.SOCIAL_OUT, Purpose.CONTRIBUTE)
ARTIST_OF = 10  # tracks an artist
AT_ONCE = 20_000  # rows a statement
SYLLABLES = [first + second for first in "bdfgklmnprstvw" for second in "aeiou"]


@dataclass(frozen=True)
class Sizes:
    """How many of what are made up; ``viewers`` of the people are asked for."""

    items: int
    people: int
    viewers: int = 40


def community_prepare(sizes: Sizes, *, model: Path | None, tell: Tell) -> list[int]:
    """Make the database hold such a community and its model, unless it does; returns the viewers' keys.

    Raises:
        Conflict: it holds people who are not that community.

    """
    call_command("migrate", verbosity=0)
    mark = Path(settings.HOME_DIR) / MARK
    made = {**asdict(sizes), "database": str(settings.DATABASES["default"]["NAME"])}
    if mark.exists():
        told = json.loads(mark.read_text())
        if told["made"] == made:
            viewers: list[int] = told["viewers"]
            return viewers
    if User.objects.exists():
        raise Conflict("This database holds people: what is measured here needs one of its own.")
    tell("making a model")
    shape = _model_put(sizes.items, model)
    tell("storing people, friends and plays")
    viewers = _people_put(sizes, shape)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(json.dumps({"made": made, "viewers": viewers}), encoding="utf-8")
    return viewers


# -- the model --------------------------------------------------------------------------------


def _model_put(items: int, model: Path | None) -> Spread:
    """A model of tracks with the shape of another one's artists, or else of a generated graph's tracks."""
    manifest, arrays, view = _fitted() if model is None else _read(model)
    base = Artifact.assemble(manifest, arrays).index(view)
    if base is None:
        raise ServiceFailed(f"There is no view of {view} in {model}.")
    shape = spread(base, items)
    kept = ("taste_mean", "taste_turn")
    own = {
        **shape.arrays,
        **{name: arrays[f"{view.lower()}.{name}"] for name in kept if f"{view.lower()}.{name}" in arrays},
    }
    tensors = {f"track.{name}": np.ascontiguousarray(array) for name, array in own.items()}
    tensors |= {name: array for name, array in arrays.items() if name.startswith("pairs.")}
    version = ModelVersion(
        state=ModelVersion.State.ACTIVE, activated_at=timezone.now(), data_hash="", ledger_position=0, config={}, metrics={}
    )  # fmt: skip
    directory = artifact_directory(version.pk)
    directory.mkdir(parents=True)
    blob = save(tensors)
    (directory / TENSORS).write_bytes(blob)
    said = {
        "format_version": FORMAT_VERSION, "views": {"TRACK": manifest["views"][view]},
        "pairs": manifest.get("pairs"), "tensors_sha256": hashlib.sha256(blob).hexdigest(),
    }  # fmt: skip
    (directory / MANIFEST).write_text(json.dumps(said), encoding="utf-8")
    version.manifest_hash = manifest_hash(directory)
    version.save(force_insert=True)
    return shape


def _read(model: Path) -> tuple[dict[str, Any], dict[str, Any], str]:
    manifest = json.loads((model / MANIFEST).read_text(encoding="utf-8"))
    return manifest, load((model / TENSORS).read_bytes()), next(iter(manifest["views"]))


def _fitted() -> tuple[dict[str, Any], dict[str, Any], str]:
    """Item–item vectors of a generated graph of 20,000 tracks."""
    from graph.bench.generate import Size, generate
    from graph.ml.config import BlendConfig, ItemItemConfig
    from graph.ml.data import track_view
    from graph.ml.item_item import fit_item_item
    from graph.ml.train import assemble_view

    view = track_view(generate(Size(plays=200_000)))
    arrays, described = assemble_view(
        view, [fit_item_item(view, ItemItemConfig(dims=256), seed=0)], BlendConfig()
    )
    return (
        {"views": {"TRACK": described}},
        {f"track.{name}": array for name, array in arrays.items()},
        "TRACK",
    )


# -- people -----------------------------------------------------------------------------------


def _people_put(sizes: Sizes, shape: Spread) -> list[int]:
    rng = np.random.default_rng(1)
    pairs = friendships(sizes.people, rng)
    many = np.flatnonzero(np.bincount(pairs.ravel(), minlength=sizes.people + 1) >= 3)
    viewers = np.sort(rng.choice(many, sizes.viewers, replace=False))
    circle = np.union1d(viewers, pairs[np.isin(pairs, viewers).any(axis=1)])
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with transaction.atomic(), _links_untold():
        _put("accounts_user", _users(sizes.people, rng, now))
        _put(
            "accounts_friendship",
            (
                {
                    "id": number, "state": Friendship.State.ACCEPTED.value, "accepted_at": now, "requested_at": now,
                    "low_id": low, "high_id": high, "requested_by_id": low,
                }
                for number, (low, high) in enumerate(pairs.tolist(), 1)
            ),
        )  # fmt: skip
        _put("accounts_consent", _consents(np.setdiff1d(np.arange(1, sizes.people + 1), circle), now))
        _put("graph_artist", _artists(sizes.items // ARTIST_OF + 1))
        _put("graph_track", _tracks(sizes.items))
        _put("graph_listen", _listens(sizes, shape, set(circle.tolist()), rng))
        _keys_behind(
            "accounts_user",
            "accounts_friendship",
            "accounts_consent",
            "graph_artist",
            "graph_track",
            "graph_listen",
        )
    people = list(User.objects.filter(pk__in=circle.tolist()))
    consents_grant_many(users=people, purposes=PURPOSES, actor=ConsentActor.USER, channel="benchmark")
    return [int(viewer) for viewer in viewers]


def friendships(people: int, rng: np.random.Generator) -> Ids:
    """Pairs (low, high) of keys from 1 on, each once."""
    one = rng.integers(people, size=people * FRIENDS // 2)
    near = one // CIRCLE * CIRCLE + rng.integers(CIRCLE, size=len(one))
    other = np.where(
        rng.random(len(one)) < WITHIN, np.minimum(near, people - 1), rng.integers(people, size=len(one))
    )
    pairs = np.unique(np.sort(np.stack([one, other], axis=1), axis=1), axis=0) + 1
    return pairs[pairs[:, 0] < pairs[:, 1]].astype(np.int64)


def _users(people: int, rng: np.random.Generator, now: Any) -> Iterator[dict[str, Any]]:
    drawn = rng.integers(len(SYLLABLES), size=(people, 6)).tolist()
    for number, parts in enumerate(drawn, 1):
        said = [SYLLABLES[part] for part in parts]
        first, last = "".join(said[:3]), "".join(said[3:])
        yield {
            "id": number, "password": "!", "is_superuser": False, "username": f"{first}.{number}", "first_name": "",
            "last_name": "", "email": "", "is_staff": False, "is_active": True, "date_joined": now,
            "pseudonym": uuid.UUID(int=number).hex, "display_name": f"{first.title()} {last.title()}",
            "name_key": f"{first} {last}", "level": PersonalizationLevel.CONTEXT.value, "consent_epoch": 0,
            "private_before": "[]", "is_minor": False, "level_chosen": True, "password_tries": 0,
        }  # fmt: skip


def _consents(people: Ids, now: Any) -> Iterator[dict[str, Any]]:
    version, numbers = policy_text_current().version, count(1)
    for person in people.tolist():
        for purpose in SHARED:
            yield {
                "id": next(numbers), "user_id": person, "purpose": purpose.value, "policy_version": version,
                "state": ConsentState.GRANTED.value, "changed_at": now,
            }  # fmt: skip


def _artists(number: int) -> Iterator[dict[str, Any]]:
    for key in range(1, number + 1):
        yield {
            "id": key, "name": f"Artist {key}", "key": f"artist {key}", "mbid": "", "placeholder": False,
            "standing": Standing.CATALOG.value, "tags": "[]",
        }  # fmt: skip


def _tracks(number: int) -> Iterator[dict[str, Any]]:
    for key in range(1, number + 1):
        yield {
            "id": key, "artist_id": (key - 1) // ARTIST_OF + 1, "title": f"Track {key}", "key": f"track {key}",
            "album": "", "mbid": "", "isrc": "", "duration_ms": 200_000, "guests_listed": False, "description": "",
            "standing": Standing.CATALOG.value, "tags": "[]",
        }  # fmt: skip


def _listens(
    sizes: Sizes, shape: Spread, circle: set[int], rng: np.random.Generator
) -> Iterator[dict[str, Any]]:
    now, numbers = timezone.now(), count(1)
    moments = [
        connection.ops.adapt_datetimefield_value(now - timedelta(hours=hour)) for hour in range(24 * 60)
    ]
    drawn = rng.integers(sizes.items, size=(sizes.people + 1, FEW)) + 1
    for person in range(1, sizes.people + 1):
        tracks = shape.played(HISTORY, rng) + 1 if person in circle else np.unique(drawn[person])
        for track in tracks.tolist():
            key = next(numbers)
            yield {
                "id": key, "user_id": person, "track_id": track, "listened_at": moments[key % len(moments)],
                "recorded_at": moments[0], "ms_played": 180_000, "source": "generated", "source_id": str(key),
                "corrected": False,
            }  # fmt: skip


# -- writing ----------------------------------------------------------------------------------


def _put(table: str, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows as they are: no model, no trigger's log, one statement for many."""
    rows = iter(rows)
    while some := list(islice(rows, AT_ONCE)):
        columns = tuple(some[0])
        values = [tuple(row.values()) for row in some]
        names = ", ".join(f'"{column}"' for column in columns)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                    for row in values:
                        copy.write_row(row)
            else:
                marks = ", ".join(["%s"] * len(columns))
                cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', values)  # noqa: S608 # nosec B608 names of ours


@contextmanager
def _links_untold() -> Iterator[None]:
    """Without the triggers that write down whose links change: nobody holds any yet, and the log would be as long as the table."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")
            everybody = "(SELECT id, username, name_key FROM accounts_user)"
            cursor.execute(name_starts.starts("postgresql", everybody))  # no trigger wrote them, either
            return
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%%_links_told_%%'"
        )
        triggers: Sequence[tuple[str, str]] = cursor.fetchall()
        for name, _sql in triggers:
            cursor.execute(f'DROP TRIGGER "{name}"')
        yield
        for _name, sql in triggers:
            cursor.execute(sql)


def _keys_behind(*tables: str) -> None:
    """The next keys come behind those that were written."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for table in tables:
            last = f'SELECT max(id) FROM "{table}"'  # noqa: S608 # nosec B608 names of ours
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), ({last}))")


def sizes_now() -> dict[str, Any]:
    """What the database holds."""
    return {
        "people": User.objects.count(), "friendships": Friendship.objects.count(), "plays": Listen.objects.count(),
        "database": connection.vendor,
    }  # fmt: skip
