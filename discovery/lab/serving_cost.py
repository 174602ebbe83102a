"""What answers cost where there are very many items and people, and how much of the exact answer proposals hold.

Each request passes the whole site (`api_cost.Site`); CPU time is the process's, so that on SQLite the database's is in it.
What is proposed is compared with every item scored, by the same code with `EXACT_ITEMS` beyond all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
from django.test.utils import override_settings
from django.utils import timezone

from accounts.held_links import links_now
from accounts.models import Friendship, User
from accounts.services.token import token_issue
from discovery.lab.api_cost import Site
from discovery.lab.api_surfaces import FEED, ITEM, LISTENERS, PAGE, PERSON, RADIO
from discovery.lab.serving_community import SYLLABLES, sizes_now
from discovery.platform.errors import ServiceFailed
from discovery.radio.sources import READINGS, parts_of, proposed
from discovery.recommend import evidence as gathering
from discovery.recommend.ranking import rank
from discovery.together import group
from discovery.together.blend import blend
from discovery.together.fairness import fair_list, relevance
from discovery.together.relevant import best_for, middles
from graph.arrays import Rows
from graph.models import ItemKind
from graph.serving import candidates
from graph.serving.active_model import active
from graph.serving.ann import nearest_items
from graph.serving.channels import Channel, Evidence
from graph.serving.index import ItemIndex
from graph.serving.places import top_places

Tell = Callable[[str], None]

WARM_UP = 3
COMPANIONS = 3  # friends in a blend
FIRST = (20, 100)
SURFACES = {
    "discover": f"{{ viewer {{ discover(kind: TRACK, first: 20) {{ {FEED} }} }} }}",
    "startRadio": f"mutation {{ startRadio(kind: TRACK) {{ __typename ... on RadioQueue {{ {RADIO} }} }} }}",
    "advanceRadio": "mutation ($radio: ID!) { advanceRadio(radioId: $radio, feedback: SKIP) {"
    f" __typename ... on RadioQueue {{ {RADIO} }} ... on OperationInfo {{ messages {{ code }} }} }} }}",
    "blend with 3 friends": "query ($with: [ID!]!) { viewer { blend(with: $with, kind: TRACK, first: 20) { match degraded"
    f" members {{ listener {{ {PERSON} }} satisfaction }} items {{ item {{ {ITEM} }} score"
    f" people {{ listener {{ {PERSON} }} relevance because {{ {ITEM} }} }} }} }} }} }}",
    "friendSuggestions": "{ viewer { friendSuggestions(first: 20) { degraded"
    f" {PAGE} edges {{ cursor node {{ listener {{ {PERSON} }} mutualFriends reason }} }} }} }} }}",
    "people, two letters": f"query ($two: String!) {{ people(text: $two, first: 20) {{ {LISTENERS} }} }}",
    "people, a name": f"query ($name: String!) {{ people(text: $name, first: 20) {{ {LISTENERS} }} }}",
    "friends": f"{{ viewer {{ friends(first: 20) {{ {LISTENERS} }} }} }}",
    "popular": f"{{ popular(kind: TRACK, first: 20) {{ {FEED} }} }}",
    "recordListens, one play": "mutation ($input: [ListenInput!]!) { recordListens(input: $input) { __typename"
    " ... on RecordedListens { stored } ... on OperationInfo { messages { code } } } }",
}


@dataclass(frozen=True)
class Asker:
    viewer: User
    token: str
    friends: Sequence[int]
    with_: Sequence[str]
    radio: str


def measure(viewers: Sequence[int], *, rounds: int, tell: Tell) -> dict[str, Any]:
    """Costs of the surfaces, how much of exact answers proposals hold, and what a process needs before it proposes."""
    cold = _cold(tell)
    site, index = Site(), _index()
    askers = [_asker(site, viewer) for viewer in viewers]
    spent: dict[str, list[float]] = {name: [] for name in ("a plain view", *SURFACES)}
    for turn in range(WARM_UP + rounds):
        for place, (name, query) in enumerate(SURFACES.items()):
            asker = askers[(turn + place * 7) % len(askers)]
            cost, answer = site.data(asker.token, query, _variables(asker, turn, place))
            _ensure_answered(name, answer)
            if turn >= WARM_UP:
                spent[name].append(cost)
        if turn >= WARM_UP:
            spent["a plain view"].append(site.ask(askers[turn % len(askers)].token, None)[0])
        if turn % 10 == 0:
            tell(f"round {turn} of {rounds}")
    tell("comparing with every item scored")
    return {
        **sizes_now(), "items": len(index), "dims": index.dim, "rounds": rounds, "viewers": len(askers), "cold": cold,
        "surfaces": {name: {"p50_ms": float(np.median(each)), "p95_ms": float(np.percentile(each, 95))} for name, each in spent.items()},
        "recall": _recalls(index, askers),
    }  # fmt: skip


def _index() -> ItemIndex:
    model = active()
    index = model.artifact.index("TRACK") if model else None
    if index is None:
        raise ServiceFailed("There is no model of tracks.")
    return index


def _cold(tell: Tell) -> dict[str, float]:
    """CPU seconds of what a process does once, and the sizes of what it holds then."""
    seconds = {}
    for name, step in (
        ("model", _index),
        ("lists", lambda: nearest_items(_index(), wait=True)),
        ("links", links_now),
        ("spread", lambda: _index().spread_of_scores),
    ):
        tell(f"once a process: {name}")
        begin = time.process_time()
        step()
        seconds[f"{name}_seconds"] = time.process_time() - begin
    lists = nearest_items(_index(), wait=True)
    return {
        **seconds,
        "lists_mebibytes": lists.size / 2**20 if lists else 0.0,
        "model_mebibytes": _bytes(vars(_index())) / 2**20,
        "links_mebibytes": _bytes([links_now()]) / 2**20,
    }


def _bytes(held: object) -> int:
    """Of all arrays in it, each once."""
    arrays: dict[int, int] = {}
    rest = [held]
    while rest:
        each = rest.pop()
        if isinstance(each, np.ndarray):
            arrays[id(each)] = each.nbytes
        elif is_dataclass(each):
            rest += [getattr(each, field.name) for field in fields(each)]
        elif isinstance(each, Mapping):
            rest += each.values()
        elif isinstance(each, list | tuple):
            rest += each
    return sum(arrays.values())


def _asker(site: Site, key: int) -> Asker:
    viewer, token = User.objects.get(pk=key), token_issue(user=User.objects.get(pk=key))
    pairs = Friendship.objects.filter(low=key) | Friendship.objects.filter(high=key)
    friends = [low if high == key else high for low, high in pairs.order_by("pk").values_list("low", "high")]
    shown = "{ viewer { friends(first: 100) { edges { node { id } } } } }"
    _cost, answer = site.data(token, shown, {})
    ids = [edge["node"]["id"] for edge in answer["viewer"]["friends"]["edges"]][:COMPANIONS]
    _cost, begun = site.data(token, SURFACES["startRadio"], {})
    return Asker(viewer, token, friends[:COMPANIONS], ids, begun["startRadio"]["radioId"])


def _variables(asker: Asker, turn: int, place: int) -> dict[str, Any]:
    two, more = SYLLABLES[(turn * 5 + place) % len(SYLLABLES)], SYLLABLES[(turn * 3 + 1) % len(SYLLABLES)]
    now = timezone.now().isoformat()
    track = {"title": f"Measured {turn % 10}", "artist": "The Measured"}  # known but for the first of them
    play = {"source": "bench", "sourceId": now, "listenedAt": now, "track": track}
    return {"radio": asker.radio, "with": asker.with_, "two": two, "name": two + more, "input": [play]}


def _ensure_answered(name: str, answer: dict[str, Any]) -> None:
    """Raises ServiceFailed for an answer that holds nothing: that would cost nothing, too."""
    text = str(answer)
    if "'id'" not in text and "'stored': 1" not in text and name not in ("popular", "people, a name"):
        raise ServiceFailed(f"{name} answered nothing: {text[:300]}")


# -- how much of the exact answer is proposed -------------------------------------------------


def _recalls(index: ItemIndex, askers: Sequence[Asker]) -> dict[str, float]:
    """Shares of the exact best that are in what is proposed, on average over viewers."""
    shares: dict[str, list[float]] = {}
    for asker in askers:
        for name, share in _shares(index, asker):
            shares.setdefault(name, []).append(share)
    means = {name: float(np.mean(each)) for name, each in shares.items()}
    return means | {
        f"{name}, least": float(np.min(each)) for name, each in shares.items() if "discover" in name
    }


def _shares(index: ItemIndex, asker: Asker) -> Iterator[tuple[str, float]]:
    permitted = gathering.gather(asker.viewer, ItemKind.TRACK)
    for first in FIRST:
        found = rank(index, permitted, count=first, spoken_of=True).ids
        with _exact():
            exact = rank(index, permitted, count=first, spoken_of=True).ids
        yield f"discover, first {first}", float(np.isin(exact, found).mean())
    yield "radio, the best 20 of each source", _of_radio(index, permitted)
    found_together = [
        item.item.pk for item in blend(asker.viewer, asker.friends, ItemKind.TRACK, count=20).answer.items
    ]
    with _exact():
        exact_together = [
            item.item.pk for item in blend(asker.viewer, asker.friends, ItemKind.TRACK, count=20).answer.items
        ]
    yield (
        "blend, the same first 20 as by the exact median",
        float(np.isin(exact_together, found_together).mean()),
    )
    best, chosen = _of_members(index, asker)
    yield "blend, each one's best 100", best
    yield "blend, what the least-served gets of what they do where it is chosen from every item", chosen


def _of_radio(index: ItemIndex, permitted: gathering.PermittedEvidence) -> float:
    """After a seed and a refusal."""
    part, lasting = permitted.in_index(index)
    heard = [int(row) for row in lasting.key_row[:2]]
    session = Evidence(
        key_row=np.array(heard, dtype=np.int64), amount=np.array([2.0, 0.75], dtype=np.float32)[: len(heard)],
        channel=np.array([Channel.PICK, Channel.NEGATIVE], dtype=np.int8)[: len(heard)],
    )  # fmt: skip
    parts, known = parts_of(index, lasting, session), index.known_rows(part.known)
    rows = proposed(index, parts, known=known, also=candidates.NOTHING)
    if rows is None:
        return 1.0
    every = [
        index.terms(*each) if each is not None else 0.0 for each in (parts.own, parts.friends, parts.session)
    ]
    shares = []
    for reading in READINGS.values():
        scores = reading.prior * index.prior
        for weight, term in zip((reading.own, reading.friends, reading.session), every, strict=True):
            scores = scores + weight * term
        scores[known] = -np.inf
        shares.append(float(np.isin(top_places(scores, 20), rows).mean()))
    return float(np.mean(shares))


def _of_members(index: ItemIndex, asker: Asker) -> tuple[float, float]:
    """What is proposed of each one's best; and what the list gives the least-served, beside the one chosen from every item."""
    together = group.gather(asker.viewer, set(asker.friends), ItemKind.TRACK)
    entries = [evidence.in_index(index)[1] for evidence in together.evidence]
    if (some := best_for(index, entries)) is None:
        return 1.0, 1.0
    rows, theirs = some
    every = index.scores_batch(entries)
    best: list[Rows] = [top_places(scores, 100) for scores in every]
    relevant = relevance(every, middles(index, entries))
    exact = fair_list(relevant, 20).columns
    found = rows[fair_list(theirs, 20).columns]
    alone = np.sort(relevant, axis=1)[:, -20:].sum(axis=1)
    served = [float((relevant[:, columns].sum(axis=1) / alone).min()) for columns in (found, exact)]
    return float(np.mean([np.isin(each, rows).mean() for each in best])), served[0] / served[1]


@contextmanager
def _exact() -> Iterator[None]:
    with override_settings(EXACT_ITEMS=10**12):
        yield
