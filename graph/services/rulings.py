"""What staff says of who is who: that two are one, that words do not mean what they seem to, how somebody is called too.

A ruling is read by the resolution of identities like what plays say, so that it holds for plays to come. Taken back, all
is as it would be without it; what people said of an item that went into another (likes, playlists) stays with that one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from discovery.platform.errors import Conflict, InvalidInput
from discovery.platform.names import name_clean, name_key
from graph.ingest.artists import artists_settle, lock_artists
from graph.ingest.catalog import tracks_of_artists_settle
from graph.ingest.identity import name_identity
from graph.ingest.rulings import End, ends_of, handles_of, words_of
from graph.ingest.settle import lock_words, settle
from graph.models import Artist, ArtistName, CatalogRuling, ItemKind, Naming, Track


@transaction.atomic
def items_merge(*, items: Sequence[Track] | Sequence[Artist]) -> list[CatalogRuling]:
    """That these tracks, or these artists, are one: the operator's own, else what says most, else the first.

    Raises InvalidInput and Conflict.
    """
    if len({item.pk for item in items}) < 2:  # one is one already
        raise InvalidInput(_("Name two or more."), field="items")
    into: Track | Artist = next((item for item in items if item.identity is None), items[0])
    others = [item for item in items if item.pk != into.pk]
    if any(item.identity is None for item in others):
        raise Conflict(
            _("Both are of the operator's own catalog: that is where to change it."), code="OPERATORS_OWN"
        )
    rulings = [_ruling(CatalogRuling.Kind.SAME, _kind(into), _end(other), _end(into)) for other in others]
    _bring_about(rulings)
    return rulings


@transaction.atomic
def words_split(*, words: Sequence[Naming] | Sequence[ArtistName]) -> list[CatalogRuling]:
    """That these words do not mean the track, or the artist, that they are taken for. Raises InvalidInput and Conflict."""
    places = {_place(row) for row in words}
    if len(places) != 1 or None in places:
        raise InvalidInput(_("Name words of one track or one artist."), field="words")
    (place,) = places
    assert place is not None  # noqa: S101  # for mypy
    if place.identity is not None:
        rest = type(words[0])._default_manager.exclude(pk__in=[row.pk for row in words])  # noqa: SLF001
        if not rest.filter(**{"track" if isinstance(place, Track) else "artist": place}).exists():
            raise Conflict(_("Nothing would be left of it."), code="ALL_OF_IT")
    away = _end(place)
    rulings = [
        _ruling(CatalogRuling.Kind.APART, _kind(place), (f"words:{row.digest}", ""), away) for row in words
    ]
    _bring_about(rulings)
    return rulings


@transaction.atomic
def artist_alias(*, artist: Artist, name: str) -> CatalogRuling:
    """That ``artist`` is called so, too. Raises InvalidInput and Conflict."""
    called = name_clean(name, field="name")
    key = name_key(called)
    if key == artist.key:
        raise InvalidInput(_("That is the name already."), field="name")
    ruling = _ruling(
        CatalogRuling.Kind.SAME, ItemKind.ARTIST, (name_identity(key, "", ""), key), _end(artist)
    )
    _bring_about([ruling])
    return ruling


@transaction.atomic
def ruling_undo(*, ruling: CatalogRuling) -> CatalogRuling:
    """Take it back. Raises Conflict where it was before."""
    stored = CatalogRuling.objects.select_for_update().get(pk=ruling.pk)
    if stored.undone_at is not None:
        raise Conflict(_("This was taken back before."), code="UNDONE")
    stored.undone_at = timezone.now()
    stored.save(update_fields=["undone_at"])
    _bring_about([stored])
    return stored


def ruling_said(ruling: CatalogRuling) -> str:
    """A ruling in words, as far as anything is called so now."""
    of = ItemKind(ruling.of)
    words: Any = Naming.objects if of is ItemKind.TRACK else ArtistName.objects
    rows: Any = Track.objects if of is ItemKind.TRACK else Artist.objects
    said = []
    for handle, name in ((ruling.one, ruling.one_name), (ruling.other, ruling.other_name)):
        condition = words_of(of, [(handle, name)])
        kind, _colon, value = handle.partition(":")
        found = (
            rows.filter(pk=value).first() if kind == "row" else words.filter(condition).order_by("pk").first()
        )
        said.append(handle if found is None else f"{found}")
    return (" = " if ruling.kind == CatalogRuling.Kind.SAME else " ≠ ").join(said)


def _kind(item: Track | Artist) -> ItemKind:
    return ItemKind.TRACK if isinstance(item, Track) else ItemKind.ARTIST


def _place(row: Naming | ArtistName) -> Track | Artist | None:
    return row.track if isinstance(row, Naming) else row.artist


def _end(item: Track | Artist) -> End:
    """By what a ruling may call it. Raises Conflict where no words are left that it could be known by."""
    if item.identity is None:
        return f"row:{item.pk}", ""
    if not item.identity.startswith("name:"):
        return item.identity, ""
    words: Collection[Naming] | Collection[ArtistName] = (
        item.namings.all() if isinstance(item, Track) else item.names.all()
    )
    for row in words:
        if item.identity in handles_of(row):
            return item.identity, row.name if isinstance(row, Naming) else row.key
    raise Conflict(_("No play names it any more."), code="NOT_NAMED")


def _ruling(kind: CatalogRuling.Kind, of: ItemKind, one: End, other: End) -> CatalogRuling:
    return CatalogRuling.objects.create(
        kind=kind, of=of, one=one[0], one_name=one[1], other=other[0], other_name=other[1],
    )  # fmt: skip


def _bring_about(rulings: Sequence[CatalogRuling]) -> None:
    """Work out anew what these rulings are about."""
    of = ItemKind(rulings[0].of)
    condition = words_of(of, ends_of(rulings))
    if condition is None:
        return
    if of is ItemKind.TRACK:
        namings = list(Naming.objects.filter(condition))
        lock_words(namings)
        settle(namings)
    else:
        names = list(ArtistName.objects.filter(condition))
        lock_artists({name.key for name in names})
        artists_settle(names)
        tracks_of_artists_settle({name.artist_id for name in names if name.artist_id is not None})
