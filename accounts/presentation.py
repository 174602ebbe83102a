"""From a stored reference to what a viewer is shown: the one place where that step is taken.

Whatever a surface has found out is a `Draft`: references, figures, and whose data shaped it. `present` tells those
people, fetches what the viewer may see *now* by the rule each kind of thing is registered with, and lets the draft
say what is left of it. What comes out is `Presented`, which nothing but this module can make and which resolvers,
exports and sockets ask for; each row in it bears a mark for whom it was fetched, and a row without the viewer's mark
is not answered (`ensure_shown`).

Enters: references and querysets. Leaves: rows that the viewer may see, marked. Rules stand in `policies` and in the
apps' selectors, never here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, final

from django.db.models import Model, Q, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.where import AND

from accounts.compiled_query import KEYS, PERSON, Among, CompiledQuery, Keys
from accounts.conditions import Viewer, active_user
from accounts.models import User
from discovery.platform.errors import NotPresented

Row = TypeVar("Row", bound=Model)
Answer = TypeVar("Answer")

ANYBODY = 0  # the key of a viewer who is not signed in
_MARK = "_shown_to"


class Ref(NamedTuple):
    """A thing by kind (its GraphQL type name) and database key: all that may be kept or passed on of it."""

    kind: str
    id: int


class Disclosure(NamedTuple):
    """That data of ``source`` shaped an answer; ``named``: they stand in it by name, with ``item`` where one is cited."""

    source: int
    named: bool
    item: Ref | None = None


@dataclass(frozen=True, eq=False)
class Draft(Generic[Answer]):
    """What a surface concluded, before anything in it has a name.

    ``refs``: everything it would show. ``shown``: the answer, where the viewer may see just these things of them.
    ``disclosures``: whose data shaped it, said of every draft; the viewer's own need not be there.
    """

    refs: Collection[Ref]
    shown: Callable[[Mapping[Ref, Any]], Answer]
    disclosures: Collection[Disclosure]


NOBODYS: tuple[Disclosure, ...] = ()  # the disclosures of what no other person's data shaped


def things(refs: Sequence[Ref], disclosures: Collection[Disclosure] = NOBODYS) -> Draft[list[Any]]:
    """A list of things, in their order: those the viewer may not see drop out."""
    return Draft(refs, lambda nodes: [nodes[ref] for ref in refs if ref in nodes], disclosures)


class VisibleTo(Protocol):
    """The condition on rows of one kind that ``viewer`` may see at ``now``."""

    def __call__(self, viewer: Viewer, now: datetime | None = None) -> Q: ...


@dataclass(frozen=True)
class Kind:
    """One kind of thing that can be shown.

    ``visible_to``: the condition on rows that a viewer may see at a moment (none: now), asked with every answer.
    ``openly``: a part of it that is the same for everybody and lets most rows through: asked first, for it costs less.
    ``pairs_visible``: the same for many viewers at once, as (viewer key, row key), where that is asked for.
    ``hot``: asked by reference so often that its query is compiled; its rule knows no more of a viewer than the key.
    ``joined``: relations that an answer needs along with a row.
    """

    name: str
    model: type[Model]
    visible_to: VisibleTo
    openly: Q | None = None
    called: Callable[[Any], str] = str
    joined: tuple[str, ...] = ()
    hot: bool = False
    pairs_visible: Callable[[Collection[User], Collection[int]], set[tuple[int, int]]] | None = None


_kinds: dict[str, Kind] = {}
_kind_of: dict[type[Model], Kind] = {}
_carried: dict[tuple[str, str], str] = {}
_disclose: list[Callable[[Mapping[int, Collection[Disclosure]]], None]] = []


def register(kind: Kind) -> None:
    """Let things of this kind be shown; every app does so for its own when it is ready."""
    _kinds[kind.name] = _kind_of[kind.model] = kind


def registered() -> Mapping[str, Kind]:
    """Every kind of thing that can be shown, by name."""
    return _kinds


def carry(kind: str, field: str, because: str) -> None:
    """Whoever is shown a ``kind`` may be shown the thing in its ``field``: the rule of the one answers for the other."""
    _carried[kind, field] = because


def disclose_with(note: Callable[[Mapping[int, Collection[Disclosure]]], None]) -> None:
    """Have disclosures, by viewer key, made through ``note`` before an answer that they shaped goes out."""
    _disclose[:] = [note]


@final
class Presented(Generic[Answer]):
    """An answer that was told to whoever shaped it and holds only what its viewer may see. Made here alone."""

    __slots__ = ("answer", "viewer_id")

    def __init__(self, seal: object, answer: Answer, viewer_id: int) -> None:
        if seal is not _SEAL:
            raise TypeError("Only accounts.presentation makes a Presented.")
        self.answer, self.viewer_id = answer, viewer_id


_SEAL = object()


# --- answers --------------------------------------------------------------------------------


def present(viewer: Viewer, draft: Draft[Answer]) -> Presented[Answer]:
    """The answer of ``draft`` to ``viewer``, as far as they may see it now. One query a kind of thing."""
    key = viewer_key(viewer)
    _told({key: _of_others(key, draft.disclosures)})
    return Presented(_SEAL, draft.shown(_fetched(viewer, draft.refs)), key)


def present_each(drafts: Sequence[tuple[User, Draft[Answer]]]) -> list[Presented[Answer]]:
    """``present`` for many viewers, in their order, in a number of queries that does not depend on how many."""
    told: dict[int, set[Disclosure]] = {}
    for viewer, draft in drafts:
        told.setdefault(viewer.pk, set()).update(_of_others(viewer.pk, draft.disclosures))
    _told(told)
    viewers = {viewer.pk: viewer for viewer, _draft in drafts}.values()
    wanted = _by_kind(ref for _viewer, draft in drafts for ref in draft.refs)
    rows = {Ref(name, row.pk): row for name, ids in wanted.items() for row in _rows(_kinds[name], ids)}
    seen = {name: _pairs(_kinds[name], viewers, ids) for name, ids in wanted.items()}
    answers = []
    for viewer, draft in drafts:
        nodes = {
            ref: _marked(rows[ref], viewer.pk)
            for ref in draft.refs
            if ref in rows and (viewer.pk, ref.id) in seen[ref.kind]
        }
        answers.append(Presented(_SEAL, draft.shown(nodes), viewer.pk))
    return answers


def present_nothing(viewer: Viewer, answer: Answer) -> Presented[Answer]:
    """An answer in which there is nothing of anybody, such as a refusal or an empty list."""
    return Presented(_SEAL, answer, viewer_key(viewer))


# --- rows -----------------------------------------------------------------------------------


def rows_shown(viewer: Viewer, rows: QuerySet[Row]) -> Presented[QuerySet[Row]]:
    """Of ``rows``, in their order, those that the viewer may see; they are read when they are iterated, and marked."""
    kind, key = _kind_of[rows.model], viewer_key(viewer)
    if getattr(rows.query, "shown_to", None) == key and rows.query.where.connector == AND:
        return Presented(_SEAL, rows, key)  # they went through here before
    marking: Any = rows.filter(kind.visible_to(viewer))
    marking.query.shown_to = key  # goes along with every further filter, order and slice
    marking._iterable_class = _Marking  # noqa: SLF001  # how Django itself has values() and iterator() differ
    return Presented(_SEAL, marking, key)


def row_shown(viewer: Viewer, row: Row) -> Row | None:
    """``row`` where the viewer may see it now, else None. One query."""
    there = any(True for _row in _visible(_kind_of[type(row)], viewer, [row.pk]))
    return _marked(row, viewer_key(viewer)) if there else None


def node_shown(viewer: Viewer, ref: Ref) -> Any | None:
    """The thing behind a reference where the viewer may see it now; None for what is hidden and what is absent alike."""
    return _fetched(viewer, [ref]).get(ref)


def nodes_shown(viewer: Viewer, refs: Iterable[Ref]) -> Mapping[Ref, Any]:
    """Of these things, those that the viewer may see now, such as for the lines of an export."""
    return _fetched(viewer, refs)


def own_shown(viewer: User) -> User:
    """The viewer, to themselves."""
    return _marked(viewer, viewer.pk)


def name_of(row: Model) -> str:
    """What a thing is called in a sentence."""
    return _kind_of[type(row)].called(row)


def ref_of(row: Model) -> Ref:
    """The reference under which a row may be kept."""
    return Ref(_kind_of[type(row)].name, row.pk)


# --- the last look --------------------------------------------------------------------------


def ensure_shown(row: Model, key: int, parent: object, parent_kind: str, field: str) -> None:
    """Whether ``row``, about to be answered as ``field`` of ``parent``, was presented to the viewer of this ``key``.

    Raises:
        NotPresented: it was not, and no carried relation leads to it from a row that was.

    """
    if key in row.__dict__.get(_MARK, ()) or row._meta.concrete_model not in _kind_of:  # noqa: SLF001  # Django documents it
        return
    if (parent_kind, field) in _carried and key in getattr(parent, _MARK, ()):
        _marked(row, key)
        return
    raise NotPresented(
        f"{parent_kind}.{field} shows a {type(row).__name__} that was not presented to its viewer"
    )


def viewer_key(viewer: Viewer) -> int:
    """The key by which rows are marked for a viewer."""
    somebody = active_user(viewer)
    return ANYBODY if somebody is None else somebody.pk


class _Marking(ModelIterable[Any]):
    """Rows of `rows_shown`, each marked as it is read."""

    def __iter__(self) -> Any:
        query = self.queryset.query
        if query.where.connector != AND:  # joined with other rows by OR: these did not go through the rule
            return super().__iter__()
        key: int = query.shown_to  # type: ignore[attr-defined]  # set by rows_shown
        return (_marked(row, key) for row in super().__iter__())


def _marked(row: Row, key: int) -> Row:
    row.__dict__.setdefault(_MARK, set()).add(key)
    return row


def _fetched(viewer: Viewer, refs: Iterable[Ref]) -> dict[Ref, Any]:
    key = viewer_key(viewer)
    return {
        Ref(name, row.pk): _marked(row, key)
        for name, ids in _by_kind(refs).items()
        for row in _visible(_kinds[name], viewer, ids)
    }


def _visible(kind: Kind, viewer: Viewer, ids: Collection[int]) -> Iterable[Model]:
    somebody = active_user(viewer)
    if not kind.hot or somebody is None:
        return _rows(kind, ids, kind.visible_to(somebody))
    if kind.openly is None:
        return _compiled(kind).instances(somebody, tuple(ids))
    rows: list[Model] = _compiled_openly(kind).instances(tuple(ids))
    rest = tuple(set(ids).difference(row.pk for row in rows))
    return [*rows, *_compiled(kind).instances(somebody, rest)] if rest else rows


@cache
def _compiled(kind: Kind) -> CompiledQuery:
    """Rows with these keys that this person may see: the rule as it stands, made into SQL once a process."""

    def rule(person: User, keys: Keys, now: datetime) -> QuerySet[Model]:
        rows = kind.model._default_manager.filter(Among("pk", keys), kind.visible_to(person, now))  # noqa: SLF001
        return rows.select_related(*kind.joined) if kind.joined else rows

    return CompiledQuery(rule, PERSON, KEYS)


@cache
def _compiled_openly(kind: Kind) -> CompiledQuery:
    """Rows with these keys that everybody may see."""

    def rule(keys: Keys, _now: datetime) -> QuerySet[Model]:
        rows = kind.model._default_manager.filter(kind.openly or Q(), Among("pk", keys))  # noqa: SLF001
        return rows.select_related(*kind.joined) if kind.joined else rows

    return CompiledQuery(rule, KEYS)


def _rows(kind: Kind, ids: Collection[int], rule: Q | None = None) -> QuerySet[Model]:
    rows = kind.model._default_manager.filter(rule or Q(), pk__in=ids)  # noqa: SLF001
    return rows.select_related(*kind.joined) if kind.joined else rows


def _pairs(kind: Kind, viewers: Collection[User], ids: Collection[int]) -> set[tuple[int, int]]:
    if kind.pairs_visible is not None:
        return kind.pairs_visible(viewers, ids)
    return {
        (viewer.pk, pk)
        for viewer in viewers
        for pk in _rows(kind, ids, kind.visible_to(viewer)).values_list("pk", flat=True)
    }


def _by_kind(refs: Iterable[Ref]) -> dict[str, set[int]]:
    ids: dict[str, set[int]] = {}
    for ref in refs:
        ids.setdefault(ref.kind, set()).add(ref.id)
    return ids


def _of_others(key: int, disclosures: Iterable[Disclosure]) -> set[Disclosure]:
    return {use for use in disclosures if use.source != key}


def _told(disclosures: Mapping[int, Collection[Disclosure]]) -> None:
    """Tell whoever shaped an answer. Raises RuntimeError where nobody would: then there is no answer either."""
    if not any(disclosures.values()):
        return
    if not _disclose:
        raise RuntimeError("Nobody tells people that their data shaped an answer.")
    _disclose[0](disclosures)
