"""The shortest way from the viewer to a person, track or artist along edges the viewer may see.

An edge is a friendship of the viewer, a friendship of a bridge (`policies.bridges_between`), a play of the
viewer or of a friend who may be named with it, or a track's artist. Only what can lie on a way to the
target is fetched: the plays of its artist, or the friends in between.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from accounts import hearing, policies
from accounts.compiled_query import KEYS, OTHER_KEYS, Among, CompiledQuery, Keys
from accounts.models import User
from accounts.presentation import Disclosure, Draft, Presented, Ref, name_of, present, present_nothing
from graph.models import HEARD, Artist, ArtistPlayCount, Listen, Track, counted

if TYPE_CHECKING:
    import networkx as nx

MOST_EDGES = 5_000  # of plays looked at, the most played first


class LinkKind(StrEnum):
    KNOWS = "KNOWS"
    PLAYS = "PLAYS"
    MADE = "MADE"


@dataclass(frozen=True)
class Link:
    """One step of a path, in words."""

    kind: LinkKind
    text: str


@dataclass(frozen=True)
class Path:
    """``nodes`` from the viewer to the target; ``links[i]`` lies between ``nodes[i]`` and ``nodes[i + 1]``."""

    nodes: tuple[User | Track | Artist, ...]
    links: tuple[Link, ...]


def connection_to(viewer: User, target: Ref) -> Presented[Path | None]:
    """The shortest visible path, or None where there is none: for what does not exist or is hidden, too.

    Of paths of one length the one along what is played most.
    """
    import networkx as nx  # ten megabytes that most processes never need

    source = Ref("Listener", viewer.pk)
    graph = nx.Graph()
    graph.add_node(source)
    if target.kind == "Listener":
        _add_people(graph, viewer, target.id)
    else:
        _add_music(graph, viewer, target)
    if target == source or target not in graph or not nx.has_path(graph, source, target):
        return present_nothing(viewer, None)
    return present(viewer, _draft(viewer, graph, nx.shortest_path(graph, source, target)))


def _add_people(graph: nx.Graph, viewer: User, target_id: int) -> None:
    here, there = Ref("Listener", viewer.pk), Ref("Listener", target_id)
    if target_id in policies.friend_keys(viewer):
        graph.add_edge(here, there, kind=LinkKind.KNOWS)
        return
    other = policies.listeners_visible_to(viewer).filter(pk=target_id).first()
    if other is None or other == viewer:
        return
    for bridge_id in policies.bridges_between(viewer, other).order_by("pk").values_list("pk", flat=True):
        bridge = Ref("Listener", bridge_id)
        graph.add_edge(here, bridge, kind=LinkKind.KNOWS)
        graph.add_edge(bridge, there, kind=LinkKind.KNOWS)


def _add_music(graph: nx.Graph, viewer: User, target: Ref) -> None:
    artist_id = target.id
    if target.kind == "Track":
        made = Track.objects.filter(pk=target.id, artist__placeholder=False)  # nothing leads to nobody's
        track = made.values("artist_id").first()
        if track is None:
            return
        artist_id = track["artist_id"]
        graph.add_edge(target, Ref("Artist", artist_id), kind=LinkKind.MADE)
    friends = set(hearing.activity_sources(viewer))
    own = {viewer.pk} if policies.effective_use(viewer).own else set()
    here, artist = Ref("Listener", viewer.pk), Ref("Artist", artist_id)
    for user_id, ref in _plays(friends | own, artist_id):
        listener = Ref("Listener", user_id)
        if listener != here:
            graph.add_edge(here, listener, kind=LinkKind.KNOWS)
        graph.add_edge(listener, ref, kind=LinkKind.PLAYS)
        if ref != artist:
            graph.add_edge(ref, artist, kind=LinkKind.MADE)


def _plays(user_ids: Collection[int], artist_id: int) -> list[tuple[int, Ref]]:
    """Who plays what of an artist, most played first; imported counts name the artist alone. Two queries."""
    if not user_ids:
        return []
    asked = (sorted(user_ids), (artist_id,))
    played = [(times, user, Ref("Track", track)) for user, track, times in _TRACKS_PLAYED.rows(*asked)]
    played += [(times, user, Ref("Artist", artist_id)) for user, times in _ARTISTS_PLAYED.rows(*asked)]
    return [(user, ref) for _times, user, ref in sorted(played, key=lambda row: -row[0])]


def _tracks_played(people: Keys, artist: Keys, _now: datetime) -> QuerySet[Any, Any]:
    rows = Listen.objects.filter(
        HEARD,
        counted(track="track", artist="track__artist"),
        Among("user_id", people),
        Among("track__artist_id", artist),
        track__artist__placeholder=False,
    )
    times = rows.order_by().values_list("user_id", "track_id").annotate(times=Count("pk"))
    return times.order_by("-times", "user_id", "track_id")[:MOST_EDGES]


def _artists_played(people: Keys, artist: Keys, _now: datetime) -> QuerySet[Any, Any]:
    rows = ArtistPlayCount.objects.filter(
        counted(artist="artist"),
        Among("user_id", people),
        Among("artist_id", artist),
        artist__placeholder=False,
    )
    return rows.order_by("-count", "user_id").values_list("user_id", "count")[:MOST_EDGES]


_TRACKS_PLAYED = CompiledQuery(_tracks_played, KEYS, OTHER_KEYS)
_ARTISTS_PLAYED = CompiledQuery(_artists_played, KEYS, OTHER_KEYS)


def _draft(viewer: User, graph: nx.Graph, way: list[Ref]) -> Draft[Path | None]:
    """The path along ``way``; None where a thing on it stopped being visible while we looked."""
    kinds = [graph.edges[ends]["kind"] for ends in pairwise(way)]

    def shown(nodes: Mapping[Ref, Any]) -> Path | None:
        if any(ref not in nodes for ref in way):
            return None
        rows = [nodes[ref] for ref in way]
        links = (
            Link(kind, _wording(viewer, kind, *ends))
            for kind, ends in zip(kinds, pairwise(rows), strict=True)
        )
        return Path(tuple(rows), tuple(links))

    return Draft(way, shown, _disclosures(way, kinds, viewer))


def _disclosures(way: list[Ref], kinds: list[LinkKind], viewer: User) -> set[Disclosure]:
    """Who on the way is named with what they play; a bridge and whoever is at its end, by name alone."""
    links = zip(pairwise(way), kinds, strict=True)
    played = {start: end for (start, end), kind in links if kind is LinkKind.PLAYS}
    return {
        Disclosure(ref.id, named=True, item=played.get(ref))
        for ref in way
        if ref.kind == "Listener" and ref.id != viewer.pk
    }


def _wording(viewer: User, kind: LinkKind, start: User | Track | Artist, end: User | Track | Artist) -> str:
    if kind is LinkKind.MADE:
        track, artist = (start, end) if isinstance(start, Track) else (end, start)
        return _("%(track)s is by %(artist)s") % {"track": name_of(track), "artist": name_of(artist)}
    names = {"one": name_of(start), "other": name_of(end)}
    if kind is LinkKind.KNOWS:
        yours = _("%(other)s is your friend") if start == viewer else _("%(one)s is a friend of %(other)s")
        return yours % names
    return (_("You play %(other)s") if start == viewer else _("%(one)s plays %(other)s")) % names
