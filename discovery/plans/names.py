"""Whom and what a viewer may mean by a name: artists and tags they may see, and their own friends.

Enters: a viewer, and keys of what was typed. Leaves: `KnownNames` for the parser, and `Meant`: the keys in the database of
what a plan names, asked anew each time. Three queries, whatever is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from accounts.models import User
from accounts.policies import friends_of
from accounts.presentation import Ref, nodes_shown
from discovery.plans.plan import LONGEST_TEXT, PlaylistPlan, Unclear, Why
from discovery.plans.tokens import forms, name_keys, tokens_of
from discovery.platform.names import name_key
from graph.models import Artist, Standing, Tag


def _nothing(_word: str) -> bool:
    """Of no word, where there is no recommender."""
    return False


@dataclass(frozen=True)
class KnownNames:
    """By key: which artists, tags and friends are called so."""

    artists: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    tags: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    friends: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    says: Callable[[str], bool] = _nothing  # whether the recommender makes anything of a word


@dataclass(frozen=True)
class Meant:
    """What the names of a plan stand for, one key in the database a name, in the plan's order."""

    artists: tuple[int, ...] = ()
    tags: tuple[int, ...] = ()
    friends: tuple[int, ...] = ()
    without_artists: frozenset[int] = frozenset()
    without_tags: frozenset[str] = frozenset()  # by name: tracks carry theirs as words


def text_keys(text: str) -> set[str]:
    """Keys of all that a text may name."""
    tokens = tokens_of(text[:LONGEST_TEXT])
    as_typed = tokens_of(text[:LONGEST_TEXT], lambda _key: True)
    return name_keys(tokens) | name_keys(as_typed)


def plan_keys(plan: PlaylistPlan) -> set[str]:
    """Keys of all that a plan names."""
    texts = [*plan.friends, *plan.without, *(part.text for part in (*plan.artists, *plan.tags))]
    return {form for text in texts for form in (*forms(name_key(text)), text.lower())}


def names_known(viewer: User, keys: Collection[str]) -> KnownNames:
    """Of these keys those that are names of what ``viewer`` may see, and of the viewer's friends."""
    if not keys:
        return KnownNames()
    artists = Artist.objects.filter(key__in=keys, placeholder=False).values_list("key", "pk", "standing")
    tags = Tag.objects.filter(name__in=keys).values_list("name", "pk", "standing")
    return KnownNames(
        artists=_seen(viewer, "Artist", list(artists)),
        tags=_seen(viewer, "Tag", [(name_key(name), key, standing) for name, key, standing in tags]),
        friends=_friends(viewer, keys),
    )


def _seen(viewer: User, kind: str, rows: Iterable[tuple[str, int, int]]) -> dict[str, tuple[int, ...]]:
    """By key the rows that the viewer may see: what is everybody's, and of the rest what the rule lets through."""
    told = list(rows)
    few = [Ref(kind, pk) for _key, pk, standing in told if standing == Standing.LISTENERS]
    shown = nodes_shown(viewer, few) if few else {}
    seen: dict[str, tuple[int, ...]] = {}
    for key, pk, standing in sorted(told, key=lambda row: row[1]):
        if standing != Standing.LISTENERS or Ref(kind, pk) in shown:
            seen[key] = (*seen.get(key, ()), pk)
    return seen


def _friends(viewer: User, keys: Collection[str]) -> dict[str, tuple[int, ...]]:
    """By handle, by name, and by the first word of a name."""
    named: dict[str, set[int]] = {}
    handles: dict[str, int] = {}
    for pk, handle, name in friends_of(viewer).values_list("pk", "username", "display_name"):
        handles[name_key(handle)] = pk
        words = name_key(name).split()
        for key in {" ".join(words), *words[:1]} - {""}:
            named.setdefault(key, set()).add(pk)
    known = {key: tuple(sorted(people)) for key, people in named.items() if key in keys}
    # A handle is one person's alone, so that two of one name can be told apart by it.
    known |= {key: (pk,) for key, pk in handles.items() if key in keys and len(known.get(key, ())) < 2}
    return known


# --- what a plan means ----------------------------------------------------------------------


def plan_meant(plan: PlaylistPlan, known: KnownNames) -> tuple[PlaylistPlan, Meant]:
    """``plan`` without the names that stand for nothing, or for several, which are told as unclear; and what the rest means."""
    unclear: list[Unclear] = []

    def only(text: str, names: Mapping[str, tuple[int, ...]]) -> int | None:
        found = _found(text, names)
        if len(found) != 1:
            unclear.append(Unclear(text, Why.AMBIGUOUS if found else Why.UNKNOWN))
            return None
        return found[0]

    artists = {part: key for part in plan.artists if (key := only(part.text, known.artists)) is not None}
    tags = {part: key for part in plan.tags if (key := only(part.text, known.tags)) is not None}
    friends = {text: key for text in plan.friends if (key := only(text, known.friends)) is not None}
    without: list[str] = []
    without_artists: set[int] = set()
    without_tags: set[str] = set()
    for text in plan.without:
        # Whoever is called so stays away, all of them: nothing is lost by that.
        of_artists, of_tags = _found(text, known.artists), _found(text, known.tags)
        if not of_artists and not of_tags:
            unclear.append(Unclear(text))
            continue
        without.append(text)
        without_artists.update(of_artists)
        without_tags.update(form for form in forms(name_key(text)) if form in known.tags)
    meant = Meant(
        artists=tuple(artists.values()),
        tags=tuple(tags.values()),
        friends=tuple(friends.values()),
        without_artists=frozenset(without_artists),
        without_tags=frozenset(without_tags),
    )
    clear = replace(
        plan, artists=tuple(artists), tags=tuple(tags), friends=tuple(friends), without=tuple(without),
        unclear=tuple(dict.fromkeys((*plan.unclear, *unclear))),
    )  # fmt: skip
    return clear, meant


def _found(text: str, names: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    return next((names[form] for form in forms(name_key(text)) if form in names), ())
