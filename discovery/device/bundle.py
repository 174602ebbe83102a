"""The signed manifest of the pack: what parts there are, the rules of the sum, and until when a device may go by it.

It is written anew every full hour, from the model that is served then, and holds for a day: what was withdrawn from
training is out of a device's reach a day after it is out of the model at the latest.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from accounts.signatures import signed
from discovery.device.pack import FORMAT, Pack, pack_of
from discovery.platform import clock
from discovery.platform.errors import ModelUnavailable
from discovery.platform.graphql.node import global_id
from discovery.recommend.citing import BECAUSE, CITED
from discovery.recommend.evidence import NEGATIVE
from discovery.recommend.explain import MINOR
from discovery.recommend.serving import served_model
from graph.models import LIKE_AS_PLAYS
from graph.models.listening import HEARD_MS
from graph.serving.active_model import ServedModel
from graph.serving.channels import LOUDEST

HOLDS = timedelta(hours=24)
LEFT = timedelta(hours=1)  # in which a device that read the manifest before fetches the last of its parts
AGAIN_SECONDS = 10.0  # names are looked up again for a part that nobody knows, but not more often


@dataclass(frozen=True)
class Bundle:
    """One hour's manifest, and the parts it names."""

    model: Any  # key of the model's version
    made: datetime
    body: bytes
    etag: str
    pack: Pack


_lock = threading.Lock()
_bundle: Bundle | None = None
_older: Bundle | None = None  # the one before: its parts may be on their way
_looked = 0.0


def bundle_now() -> Bundle:
    """The bundle of this hour. Made once a process, hour and model. Raises ModelUnavailable where no model is served."""
    model, _why = served_model()
    if model is None:
        raise ModelUnavailable("no model is served")
    made = clock.now().replace(minute=0, second=0, microsecond=0)
    held = _bundle
    if held is not None and (held.model, held.made) == (model.version.pk, made):
        return held
    with _lock:
        held = _bundle
        if held is not None and (held.model, held.made) == (model.version.pk, made):
            return held
        return _made(model, made)


def part_find(digest: str) -> bytes | None:
    """The part with this hash (hex), compressed; None where no bundle of now names it.

    Another process may have read names a moment later: names are looked up again before nothing is found.
    """
    global _looked  # noqa: PLW0603  # one a process
    bundle = bundle_now()
    if (found := _found(bundle, digest)) is not None:
        return found
    with _lock:
        model, _why = served_model()
        if model is None or time.monotonic() - _looked < AGAIN_SECONDS:
            return None
        _looked = time.monotonic()
        return _found(_made(model, bundle.made), digest)


def _found(bundle: Bundle, digest: str) -> bytes | None:
    found = bundle.pack.parts.get(digest)
    if found is None and _older is not None and bundle.made <= _older.made + LEFT:
        return _older.pack.parts.get(digest)
    return found


def _made(model: ServedModel, made: datetime) -> Bundle:
    global _bundle, _older  # noqa: PLW0603  # one a process, replaced whole
    pack = pack_of(model.artifact)
    body = document(pack, model, made)
    bundle = Bundle(model.version.pk, made, body, f'"{hashlib.sha256(body).hexdigest()[:32]}"', pack)
    if _bundle is not None and _bundle.pack is not pack:
        _older = _bundle
    _bundle = bundle
    return bundle


def document(pack: Pack, model: ServedModel, made: datetime) -> bytes:
    """The manifest as text inside a signed document, so that the signature is over these very letters."""
    said = {
        "format": FORMAT,
        "made": made.isoformat(), "expires": (made + HOLDS).isoformat(),
        "model": global_id("ModelVersion", model.version.pk),
        "bytes": pack.bytes,
        "views": pack.views,
        "rules": {
            "loudest": LOUDEST, "cited": CITED, "because": BECAUSE, "minor": MINOR,
            "likeAsPlays": LIKE_AS_PLAYS, "heardMs": HEARD_MS,
            "negative": {kind.value: strength for kind, strength in NEGATIVE.items()},
        },
    }  # fmt: skip
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return json.dumps(signed({"manifest": text}, settings.SIGNING_KEY)).encode()


def opened(part: bytes) -> bytes:
    """A part as it is."""
    return gzip.decompress(part)
