"""The operator's rulings, as the resolution of identities takes them, and the words that each is about."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from graph.ingest.identity import IDENTIFIERS, Ruled, name_identity
from graph.models import ArtistName, CatalogRuling, ItemKind, Naming

End = tuple[str, str]  # what it goes by, and where that is a name by what its words are found


def rulings_in_force(of: ItemKind) -> list[CatalogRuling]:
    """Those that are not taken back."""
    return list(CatalogRuling.objects.filter(of=of, undone_at=None).order_by("pk"))


def ruled(rulings: Collection[CatalogRuling]) -> list[Ruled]:
    return [Ruled(ruling.kind == CatalogRuling.Kind.SAME, ruling.one, ruling.other) for ruling in rulings]


def ends_of(rulings: Collection[CatalogRuling]) -> set[End]:
    return {
        end
        for ruling in rulings
        for end in ((ruling.one, ruling.one_name), (ruling.other, ruling.other_name))
    }


def touching(
    rulings: Collection[CatalogRuling], rows: Collection[Naming] | Collection[ArtistName]
) -> list[CatalogRuling]:
    """The rulings that say something of these words."""
    if not rulings:
        return []
    handles = {handle for row in rows for handle in handles_of(row)}
    return [ruling for ruling in rulings if {ruling.one, ruling.other} & handles]


def handles_of(row: Naming | ArtistName) -> set[str]:
    """All that a ruling may call these words by."""
    parts = (row.name, "", row.album_key) if isinstance(row, Naming) else (row.key, "", "")
    handles = {f"words:{row.digest}", name_identity(*parts), name_identity(*parts, "apart")}
    kinds = IDENTIFIERS if isinstance(row, Naming) else ("mbid",)
    handles |= {f"{kind}:{value}" for kind in kinds if (value := getattr(row, kind))}
    place = row.track_id if isinstance(row, Naming) else row.artist_id
    return handles if place is None else handles | {f"row:{place}"}


def words_of(of: ItemKind, ends: Collection[End]) -> Q | None:
    """A condition for the words that these ends of rulings are about."""
    wanted: Q | None = None
    column, name = ("track", "name") if of is ItemKind.TRACK else ("artist", "key")
    for handle, named in sorted(ends):
        kind, _colon, value = handle.partition(":")
        columns = {"words": "digest", "row": column, "name": name}
        condition = Q(**{columns.get(kind, kind): named if kind == "name" else value})
        wanted = condition if wanted is None else wanted | condition
    return wanted


def rows_meant(ends: Collection[End]) -> set[int]:
    """Keys of rows of the operator's catalog that these are."""
    return {int(handle.removeprefix("row:")) for handle, _name in ends if handle.startswith("row:")}


def mbids_meant(ends: Collection[End]) -> set[str]:
    return {handle.removeprefix("mbid:") for handle, _name in ends if handle.startswith("mbid:")}


def words_shared(
    rulings: Collection[CatalogRuling], of: ItemKind, rows: Collection[Naming] | Collection[ArtistName]
) -> Q | None:
    """A condition for the words that rulings on these bring together with them."""
    return words_of(of, ends_of(touching(rulings, rows)))
