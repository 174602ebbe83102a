"""What one request costs: the CPU time of every interactive surface beside a plain view of twenty rows.

Each request passes the WSGI handler with every middleware and a bearer token, so that only the door of the server is
left out. A round asks every surface once, each time another viewer, and the plain view too: what slows the machine
down slows them all.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from wsgiref.util import setup_testing_defaults

import numpy as np
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import path

from accounts.models import ConsentActor, Friendship, PersonalizationLevel, User
from accounts.services.consent import consents_grant_many, level_set
from accounts.services.token import token_issue
from discovery.lab.api_community import PURPOSES
from discovery.lab.api_surfaces import OPEN, OPENED, SURFACES, Asker, Surface
from discovery.platform.errors import ServiceFailed
from graph.models import Artist, ArtistPlayCount, ItemKind, Listen
from graph.serving.active_model import active

PLAIN = "/plain/"
ROWS = 20
WARM_UP = 3  # rounds that are not measured
Tell = Callable[[str], None]


def plain(_request: HttpRequest) -> JsonResponse:
    """What a request costs that has nothing to work out."""
    artists = Artist.objects.order_by("pk")[:ROWS]
    return JsonResponse({"artists": [{"id": artist.pk, "name": artist.name} for artist in artists]})


PLAIN_URLS = (path("plain/", plain),)


class Site(WSGIHandler):
    """The site, and the plain view beside it behind the same middlewares."""

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info == PLAIN:
            request.urlconf = PLAIN_URLS  # type: ignore[assignment]  # patterns serve as well as a module's name
        return super().get_response(request)

    def ask(self, token: str, body: bytes | None) -> tuple[float, dict[str, Any]]:
        """CPU milliseconds of one request from its first byte to its last, and the answer.

        Raises:
            ServiceFailed: the answer is not a success.

        """
        environ = _environ(token, body)
        statuses: list[str] = []
        begin = time.process_time()
        response = self(environ, lambda status, _headers: statuses.append(status))  # type: ignore[arg-type]  # two of three
        content = b"".join(response)
        response.close()
        spent = (time.process_time() - begin) * 1e3
        if not statuses[0].startswith("200"):
            raise ServiceFailed(f"{statuses[0]}: {content[:300]!r}")
        return spent, json.loads(content)

    def data(self, token: str, query: str, variables: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """The same of one GraphQL operation, and its data. Raises as ``ask``, and where the operation is refused."""
        spent, answer = self.ask(token, json.dumps({"query": query, "variables": variables}).encode())
        if "errors" in answer or _refused(answer["data"]):
            raise ServiceFailed(f"{query}\n{json.dumps(answer)[:500]}")
        data: dict[str, Any] = answer["data"]
        return spent, data


@dataclass(frozen=True, kw_only=True)
class Costs:
    """CPU milliseconds of each surface, one a round, and of the plain view; and the surfaces left out, with why."""

    plain: list[float] = field(default_factory=list)
    opening: list[float] = field(
        default_factory=list
    )  # of a connection to the database, which each request does
    surfaces: dict[str, list[float]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def figures(self) -> dict[str, Any]:
        """Median, 95th percentile and ratio to the plain view's median of each."""
        base = float(np.median(self.plain))
        return {
            "plain": _figures(self.plain, base),
            "opening": _figures(self.opening, base),
            "surfaces": {name: _figures(spent, base) for name, spent in self.surfaces.items()},
            "skipped": self.skipped,
        }


def measure(*, rounds: int, viewers: int, seed: int, tell: Tell) -> dict[str, Any]:
    """Every surface ``rounds`` times over ``viewers`` people; with how large the community is.

    Writes into the database: plays, feedback, rooms, votes and notes. Raises ServiceFailed where a surface fails.
    """
    site, rng = Site(), np.random.default_rng(seed)
    surfaces, skipped = _offered()
    tell(f"opening a room and a radio for each of {viewers} viewers")
    askers = _askers(site, viewers, rng)
    costs = Costs(surfaces={surface.name: [] for surface in surfaces}, skipped=skipped)
    for turn in range(WARM_UP):
        _round(site, surfaces, askers, turn, Costs(surfaces={surface.name: [] for surface in surfaces}))
    for turn in range(rounds):
        if turn % 10 == 0:
            tell(f"round {turn} of {rounds}")
        _round(site, surfaces, askers, WARM_UP + turn, costs)
    return {"community": _sizes(), "rounds": rounds, "viewers": len(askers), **costs.figures()}


def _offered() -> tuple[list[Surface], dict[str, str]]:
    """The surfaces that can be asked here, and those that cannot, with the reason."""
    skipped = {surface.name: surface.needs for surface in SURFACES if surface.query is None}
    return [surface for surface in SURFACES if surface.name not in skipped], skipped


def _round(site: Site, surfaces: Sequence[Surface], askers: Sequence[Asker], turn: int, costs: Costs) -> None:
    """The plain view and every surface once; each surface of another viewer."""
    costs.plain.append(site.ask(askers[turn % len(askers)].token, None)[0])
    costs.opening.append(_opening())
    for place, surface in enumerate(surfaces):
        asker = askers[(turn + place * len(askers) // len(surfaces)) % len(askers)]
        spent, _data = site.data(asker.token, surface.query or "", surface.variables(asker, turn))
        costs.surfaces[surface.name].append(spent)


def _opening() -> float:
    """CPU milliseconds of a connection to the database, opened and closed; every request here has one of its own."""
    lone = connection.copy()
    begin = time.process_time()
    lone.ensure_connection()
    lone.close()
    return (time.process_time() - begin) * 1e3


def _askers(site: Site, count: int, rng: np.random.Generator) -> list[Asker]:
    """People with plays and a friend, who both grant what the surfaces ask for, each with a room and a radio."""
    players = {
        *Listen.objects.values_list("user", flat=True),
        *ArtistPlayCount.objects.values_list("user", flat=True),
    }
    friends = Friendship.objects.filter(state=Friendship.State.ACCEPTED).order_by("pk")
    pairs = np.array([pair for pair in friends.values_list("low", "high") if players.issuperset(pair)])
    if not len(pairs):
        raise ServiceFailed("Nobody here has plays and a friend with plays.")
    chosen: dict[int, int] = dict(rng.permutation(pairs).tolist())  # of each viewer one friend
    chosen = dict(list(chosen.items())[:count])
    people = User.objects.in_bulk([*chosen, *chosen.values()])
    # As their own word: an import leaves a no of theirs as it is.
    consents_grant_many(
        users=people.values(), purposes=PURPOSES, actor=ConsentActor.USER, channel="benchmark"
    )
    for person in people.values():
        level_set(user=person, level=PersonalizationLevel.CONTEXT)
    return [_asker(site, people[viewer], people[friend]) for viewer, friend in chosen.items()]


def _asker(site: Site, viewer: User, friend: User) -> Asker:
    kind = _kind().value
    token = token_issue(user=viewer)
    _spent, data = site.data(token_issue(user=friend), "{ viewer { profile { id } } }", {})
    friend_id = data["viewer"]["profile"]["id"]
    _spent, opened = site.data(token, OPEN, {"kind": kind, "friend": friend_id})
    items = [edge["node"]["item"]["id"] for edge in opened["viewer"]["discover"]["edges"]]
    _spent, begun = site.data(token, OPENED, {"kind": kind, "friend": friend_id})
    return Asker(
        token=token, kind=kind, friend=friend_id, items=items,
        radio=begun["startRadio"]["radioId"], room=begun["createRoom"]["id"],
    )  # fmt: skip


def _kind() -> ItemKind:
    served = active()
    tracks = served.artifact.index(ItemKind.TRACK) if served else None
    return ItemKind.TRACK if tracks is not None and len(tracks) else ItemKind.ARTIST


def _environ(token: str, body: bytes | None) -> dict[str, Any]:
    """A POST of JSON to GraphQL; a GET of the plain view where there is no body."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET" if body is None else "POST",
        "PATH_INFO": PLAIN if body is None else "/graphql/",
        "HTTP_HOST": "localhost",
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body or b"")),
        "wsgi.input": io.BytesIO(body or b""),
    }
    setup_testing_defaults(environ)
    return environ


def _refused(data: dict[str, Any]) -> bool:
    return any(isinstance(part, dict) and part.get("__typename") == "OperationInfo" for part in data.values())


def _figures(spent: Sequence[float], base: float) -> dict[str, float]:
    median = float(np.median(spent))
    return {"p50_ms": median, "p95_ms": float(np.percentile(spent, 95)), "ratio": median / base}


def _sizes() -> dict[str, Any]:
    return {
        "people": User.objects.count(),
        "plays": Listen.objects.count() + ArtistPlayCount.objects.count(),
        "friendships": Friendship.objects.filter(Q(state=Friendship.State.ACCEPTED)).count(),
        "database": connection.vendor,
    }


def table(name: str, figures: dict[str, Any]) -> str:
    """The figures of one community as Markdown."""
    size = figures["community"]
    rows = {"plain view": figures["plain"], "its connection": figures["opening"], **figures["surfaces"]}
    lines = [
        f"### {name}: {size['people']:,} people, {size['plays']:,} plays, {size['friendships']:,} friendships",
        "",
        f"CPU milliseconds a request, {figures['rounds']} rounds over {figures['viewers']} viewers, {size['database']}.",
        "",
        "| surface | p50 | p95 | × plain |",
        "|---|---:|---:|---:|",
        *(_line(surface, cost) for surface, cost in rows.items()),
        *(f"| {surface} | – | – | {why} |" for surface, why in figures["skipped"].items()),
    ]
    return "\n".join(lines) + "\n"


def _line(surface: str, cost: dict[str, float]) -> str:
    return f"| {surface} | {cost['p50_ms']:.2f} | {cost['p95_ms']:.2f} | {cost['ratio']:.1f} |"
