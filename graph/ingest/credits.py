"""Who made a recording, out of what a source says of it: one artist after the other.

Where a source tells them one by one, they are taken so. A credit in one piece is taken apart only where that is
beyond doubt ("feat.", "ft."): "Simon & Garfunkel" are one. Pure: no database.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from discovery.platform.names import name_key

_FEATURING = re.compile(
    r"\s*[\[(]?\s*\b(?:feat\.?|ft\.?|featuring)\s+(?P<guests>[^\])]+)[\])]?\s*$", re.IGNORECASE
)
_IN_TITLE = re.compile(
    r"\s*[\[(]\s*(?:feat\.?|ft\.?|featuring)\s+(?P<guests>[^\])]+)[\])]|(?<=\S)\s+feat\.\s+(?P<last>[^\])]+)$",
    re.IGNORECASE,
)
_AROUND = "[]()<>{}"

# What players and taggers write where they know no artist. Their MusicBrainz ids say the same.
PLACEHOLDERS = frozenset(
    name_key(name)
    for name in (
        "Various Artists", "Various", "[unknown]", "<unknown>", "(unknown)", "unknown", "Unknown Artist",
        "[no artist]", "no artist", "null", "(null)", "none", "undefined", "n/a", "nan", "nil", "-", "?", "???",
        "[anonymous]", "[traditional]", "[data]", "[dialogue]", "[unknown artist]", "<unknown artist>",
        "Verschiedene Interpreten", "Verschiedene Künstler", "Unbekannt", "Unbekannter Interpret",
        "Unbekannter Künstler", "Divers", "Artistes divers", "Artiste inconnu", "Varios Artistas", "VA", "V.A.", "V/A",
        "Artista desconocido", "Vários artistas", "Vários intérpretes", "Artista desconhecido", "Artisti vari", "AA.VV.",
        "Artista sconosciuto", "Diverse artiesten", "Onbekende artiest", "Diverse artister", "Okänd artist", "Ukjent artist",
        "Ukendt kunstner", "Tuntematon esittäjä", "Nieznany wykonawca", "Różni wykonawcy", "Neznámý interpret",
        "Bilinmeyen Sanatçı", "Разные исполнители", "Неизвестный исполнитель", "Неизвестен", "群星", "未知艺术家", "未知藝人",
        "ヴァリアス・アーティスト", "不明なアーティスト", "여러 아티스트", "알 수 없는 아티스트",
    )
)  # fmt: skip
PLACEHOLDER_MBIDS = frozenset(
    {
        "89ad4ac3-39f7-470e-963a-56509c546377",  # Various Artists
        "125ec42a-7229-4250-afc5-e057484327fe",  # [unknown]
        "eec63d3c-3b81-4ad4-b1e4-7c147d4d2b61",  # [no artist]
        "f731ccc4-e22a-43af-a747-64213329e088",  # [anonymous]
        "9be7f096-97ec-4615-8957-8d40b5dcbc41",  # [traditional]
        "33cf029c-63b0-41a0-9855-be2a3665fb3b",  # [data]
        "314e1c25-dde7-4e4d-b2f4-0a7b9f7c56dc",  # [dialogue]
    }
)


@dataclass(frozen=True, slots=True)
class Credited:
    """One artist of a credit; ``mbid`` is a MusicBrainz artist id, or ""."""

    name: str
    mbid: str = ""


def is_placeholder(key: str, mbid: str = "") -> bool:
    """Whether an artist of this name key or id stands for nobody."""
    return key in PLACEHOLDERS or key.strip(_AROUND) in PLACEHOLDERS or mbid in PLACEHOLDER_MBIDS


def credit(
    whole: str, names: Sequence[str] = (), mbids: Sequence[str] = (), *, title: str = ""
) -> tuple[Credited, ...]:
    """The artists of a credit, the first one first, each once; guests whom the title names behind them."""
    if names:
        ids = mbids if len(mbids) == len(names) else [""] * len(names)
        told = [Credited(name, mbid) for name, mbid in zip(names, ids, strict=True)]
    else:
        apart = _apart(whole)
        told = [Credited(name, mbids[0] if len(mbids) == len(apart) == 1 else "") for name in apart]
    told += [Credited((found["guests"] or found["last"]).strip()) for found in _IN_TITLE.finditer(title)]
    seen: dict[str, Credited] = {}
    for artist in told:
        seen.setdefault(name_key(artist.name), artist)
    return tuple(seen.values())


def title_key(title: str) -> str:
    """A title's name key without a guest: who that is belongs to the credit."""
    return name_key(_IN_TITLE.sub("", title) or title)


def _apart(whole: str) -> list[str]:
    match = _FEATURING.search(whole)
    if match is None or not match.start():
        return [whole]
    return [whole[: match.start()].strip(), match["guests"].strip()]
