"""Writes sum.json: a small model, what four people permit, and every term, score and reason of theirs."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

PLACE = Path(__file__).with_name("sum.json")
CHANNELS = ("OWN", "FRIEND", "PICK", "PROMPT_TAG", "NEGATIVE")
LOUDEST, CITED, BECAUSE, MINOR = 4.0, 3, 0.5, 0.02
CASES = {
    "nothing is permitted": [],
    "one play alone carries the score": [("item", 12, 40, "OWN", 0)],
    "plays, a like and a skip": [
        ("item", 10, 3, "OWN", 0), ("item", 11, 90, "OWN", 0), ("item", 14, 1, "OWN", 0), ("item", 15, 7, "OWN", 0),
        ("item", 13, 1, "PICK", 0), ("item", 17, 1, "NEGATIVE", 0),
    ],
    "a named friend, friends without a name, and a word": [
        ("item", 10, 5, "OWN", 0), ("item", 16, 30, "FRIEND", 7), ("item", 12, 2, "FRIEND", 7),
        ("item", 16, 4, "FRIEND", 0), ("item", 18, 9, "FRIEND", 0), ("tag", 501, 1, "PROMPT_TAG", 0),
    ],
    "two of one key, and an artist's": [
        ("item", 10, 2, "OWN", 0), ("item", 10, 1, "PICK", 0), ("artist", 901, 2, "PICK", 0), ("item", 11, 4_000_000, "OWN", 0),
    ],
}  # fmt: skip


def model() -> dict[str, Any]:
    rng = np.random.default_rng(20261127)
    rules = {
        "OWN": (1.0, True, 1.6, 0.5, 0.0, 1.5), "FRIEND": (0.02, True, 1.6, 0.5, 40.0, 1.5),
        "PICK": (1.0, False, 1.6, 0.5, 0.0, 1.5), "PROMPT_TAG": (1.0, False, 1.6, 0.5, 0.0, 1.5),
        "NEGATIVE": (-1.0, False, 1.6, 0.5, 0.5, 1.5),
    }  # fmt: skip
    names = ("gain", "logarithmic", "unit", "count_power", "identity", "power")

    def vector(width: int) -> Any:
        return rng.normal(size=width).round(3).tolist()

    items = [
        {
            "id": number, "open": number != 19, "prior": round(float(rng.random()) / 4, 3),
            "codes": rng.integers(-127, 128, 6).tolist(),
            "key_scale": (0.002 + rng.random(2) / 200).round(5).tolist(),
            "query_scale": (0.002 + rng.random(2) / 200).round(5).tolist(),
        }
        for number in range(10, 20)
    ]  # fmt: skip
    return {
        "sources": [{"name": "memory", "start": 0, "stop": 4}, {"name": "network", "start": 4, "stop": 6}],
        "channels": {
            name: dict[str, Any](zip(names, rule, strict=True)) | {"weights": [1.0, 0.8]}
            for name, rule in rules.items()
        },
        "items": items,
        "tags": [{"id": 500, "key": vector(6)}, {"id": 501, "key": vector(6)}],
        "artists": [{"id": 901, "key": vector(6)}],
    }


def spread(by_source: list[float], sources: list[dict[str, Any]]) -> list[float]:
    return [
        value
        for value, source in zip(by_source, sources, strict=True)
        for _ in range(source["stop"] - source["start"])
    ]


def strength(rule: dict[str, Any], amount: float, count: int) -> float:
    raised = (math.log1p(amount) / rule["unit"]) ** rule["power"] if rule["logarithmic"] else amount
    return float(rule["gain"] * min(raised, LOUDEST) * count ** -rule["count_power"])


def key_of(said: dict[str, Any], kind: str, number: int) -> list[float]:
    if kind == "item":
        item = next(item for item in said["items"] if item["id"] == number)
        scale = spread(item["key_scale"], said["sources"])
        return [code * by for code, by in zip(item["codes"], scale, strict=True)]
    return next(thing["key"] for thing in said[f"{kind}s"] if thing["id"] == number)


def term(
    said: dict[str, Any], entry: dict[str, Any], entries: list[dict[str, Any]], item: dict[str, Any]
) -> float:
    rule = said["channels"][entry["channel"]]
    count = sum(other["channel"] == entry["channel"] for other in entries)
    strong = strength(rule, entry["amount"], count)
    weights = spread(rule["weights"], said["sources"])
    queries = spread(item["query_scale"], said["sources"])
    key = key_of(said, entry["kind"], entry["id"])
    product = sum(
        weight * part * code * by
        for weight, part, code, by in zip(weights, key, item["codes"], queries, strict=True)
    )
    same = entry["kind"] == "item" and entry["id"] == item["id"]
    return float(strong * (product + (rule["identity"] if same else 0.0)))


def reasons(entries: list[dict[str, Any]], item: dict[str, Any], terms: list[float]) -> list[dict[str, Any]]:
    """The largest terms of each kind of one's own entries, and of the friends whose cited plays add most."""
    whole = abs(item["prior"]) + sum(abs(value) for value in terms)
    cited: list[tuple[str, list[int]]] = []
    for kind, channel in (("OWN_PLAY", "OWN"), ("ONBOARDING", "PICK"), ("TAG", "PROMPT_TAG")):
        of_kind = [place for place, entry in enumerate(entries) if entry["channel"] == channel]
        best = sorted((place for place in of_kind if terms[place] > 0), key=lambda place: -terms[place])[
            :CITED
        ]
        if best and terms[best[0]] >= BECAUSE * whole:
            best = best[:1]
        cited.append((kind, best))
    friends: dict[int, tuple[bool, list[int]]] = {}
    for friend in sorted({entry["friend"] for entry in entries if entry["channel"] == "FRIEND"}):
        theirs = [
            place for place, entry in enumerate(entries) if entry["channel"] == "FRIEND" and entry["friend"] == friend
        ]  # fmt: skip
        itself = [place for place in theirs if entries[place]["id"] == item["id"] and terms[place] > 0]
        best = sorted((place for place in theirs if terms[place] > 0), key=lambda place: -terms[place])
        friends[friend] = (bool(itself), itself or best[:CITED])

    def first(pair: tuple[bool, list[int]]) -> tuple[bool, float]:
        itself, places = pair
        return not itself, -sum(terms[place] for place in places)

    cited += [("FRIEND", places) for _, places in sorted(friends.values(), key=first)[:CITED]]
    made: list[dict[str, Any]] = [
        {"kind": kind, "contribution": sum(terms[place] for place in places), "entries": places}
        for kind, places in cited
    ]
    made.append({"kind": "POPULARITY", "contribution": item["prior"], "entries": []})
    made = [reason for reason in made if whole and reason["contribution"] >= MINOR * whole]
    made.sort(key=lambda reason: -reason["contribution"])
    return [reason | {"share": reason["contribution"] / whole} for reason in made]


def case(said: dict[str, Any], name: str, lines: list[tuple[Any, ...]]) -> dict[str, Any]:
    entries = [dict(zip(("kind", "id", "amount", "channel", "friend"), line, strict=True)) for line in lines]
    own = {entry["id"] for entry in entries if entry["kind"] == "item"}
    known = {
        entry["id"] for entry in entries if entry["kind"] == "item" and entry["channel"] in {"OWN", "PICK"}
    }
    shown = [
        item for item in said["items"] if (item["open"] or item["id"] in own) and item["id"] not in known
    ]
    answers = []
    for item in shown:
        terms = [term(said, entry, entries, item) for entry in entries]
        answers.append(
            {"item": item["id"], "score": item["prior"] + sum(terms), "terms": terms,
             "reasons": reasons(entries, item, terms)}
        )  # fmt: skip
    answers.sort(key=lambda answer: -answer["score"])
    return {"name": name, "evidence": entries, "known": sorted(known), "ranking": answers}


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items()}
    if isinstance(value, list):
        return [rounded(part) for part in value]
    return round(value, 9) if isinstance(value, float) else value


def golden() -> dict[str, Any]:
    said = model()
    whole: dict[str, Any] = rounded(
        {"model": said, "cases": [case(said, name, lines) for name, lines in CASES.items()]}
    )
    return whole


if __name__ == "__main__":
    PLACE.write_text(json.dumps(golden(), indent=1) + "\n", encoding="utf-8")
