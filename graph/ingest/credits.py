"""Who made a recording, out of what a source says of it: one artist after the other.

Where a source tells them one by one, they are taken so. A credit in one piece is taken apart only where that is
beyond doubt ("feat.", "ft."): "Simon & Garfunkel" are one. Pure: no database.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from discovery.platform.names import is_visible, name_key

_FEATURING = re.compile(
    r"\s*[\[(]?\s*\b(?:feat\.?|ft\.?|featuring)\s+(?P<guests>[^\])]+)[\])]?\s*$", re.IGNORECASE
)
_IN_TITLE = re.compile(
    r"\s*[\[(]\s*(?:feat\.?|ft\.?|featuring)\s+(?P<guests>[^\])]+)[\])]|(?<=\S)\s+feat\.\s+(?P<last>[^\])]+)$",
    re.IGNORECASE,
)
_BETWEEN_WORDS = re.compile(r"[\W_]+")


@lru_cache(maxsize=1 << 14)
def _bare(key: str) -> str:
    """The words of a name key alone: "<unknown artist>", "Unknown_Artist" and "unknown artist" are written alike."""
    return _BETWEEN_WORDS.sub(" ", key).strip()


# What players and taggers write where they know no artist, in the languages that they speak; however they set it.
PLACEHOLDERS = frozenset(
    _bare(name_key(name))
    for name in (
        "Various Artists", "Various Artist", "Various", "Various Performers", "Various Composers", "VA", "V.A.", "Multiple Artists",
        "unknown", "Unknown Artist", "Unknown Artists", "Unknown Album Artist", "Unknown Performer", "Unknown Composer",
        "no artist", "Artist Unknown", "null", "none", "undefined", "n/a", "nan", "nil", "Not Available",
        "Verschiedene Interpreten", "Verschiedene Künstler", "Diverse Interpreten", "Diverse Künstler",
        "Unbekannt", "Unbekannter Interpret", "Unbekannter Künstler", "Kein Interpret",
        "Divers", "Artistes divers", "Divers artistes", "Interprètes divers", "Artistes variés", "Artiste inconnu", "Interprète inconnu",
        "Varios Artistas", "Varios intérpretes", "Artistas varios", "Artista desconocido", "Intérprete desconocido",
        "Vários artistas", "Vários intérpretes", "Artistas diversos", "Artista desconhecido", "Intérprete desconhecido",
        "Artisti vari", "AA.VV.", "AAVV", "VV.AA.", "Artista sconosciuto", "Artists divers", "Diversos artistes",
        "Diverse artiesten", "Verschillende artiesten", "Onbekende artiest",
        "Diverse artister", "Blandade artister", "Okänd artist", "Ukjent artist",
        "Diverse kunstnere", "Forskellige kunstnere", "Ukendt kunstner",
        "Eri esittäjiä", "Useita esittäjiä", "Tuntematon esittäjä", "Tuntematon artisti",
        "Nieznany wykonawca", "Nieznany artysta", "Różni wykonawcy", "Różni artyści", "Wykonawcy różni",
        "Neznámý interpret", "Neznámý umělec", "Různí interpreti", "Různí umělci", "Neznámy interpret", "Rôzni interpreti",
        "Ismeretlen előadó", "Különböző előadók", "Vegyes előadók", "Artist necunoscut", "Artiști diverși",
        "Nepoznati izvođač", "Razni izvođači", "Neznani izvajalec", "Različni izvajalci",
        "Bilinmeyen Sanatçı", "Çeşitli Sanatçılar", "Άγνωστος καλλιτέχνης", "Διάφοροι καλλιτέχνες",
        "Разные исполнители", "Различные исполнители", "Неизвестный исполнитель", "Неизвестный артист", "Неизвестен", "Неизвестно",
        "Різні виконавці", "Невідомий виконавець", "Разни изпълнители", "Неизвестен изпълнител",
        "群星", "华语群星", "華語群星", "未知艺术家", "未知艺人", "未知歌手", "未知藝人", "未知演出者", "多位艺人", "多位藝人", "佚名",
        "ヴァリアス・アーティスト", "ヴァリアス・アーティスツ", "不明なアーティスト", "アーティスト不明", "不明",
        "여러 아티스트", "다양한 아티스트", "알 수 없는 아티스트", "알 수 없음",
        "فنان غير معروف", "فنانون متنوعون", "אמן לא ידוע", "אמנים שונים", "ศิลปินที่ไม่รู้จัก", "Nghệ sĩ không xác định", "Nhiều nghệ sĩ",
    )
)  # fmt: skip
# What means nobody only as it is written: without its brackets, some artist may be called so.
_WRITTEN_SO = frozenset(
    {"-", "--", "---", "?", "??", "???", "[-]", "<->", "(-)", "[?]", "<?>", "(?)", "[anonymous]", "[traditional]", "[data]",
     "[dialogue]", "[disney]", "[soundtrack]", "[theatre]", "[musical theater]", "[church chimes]", "[christmas music]", "[classical music]", "[religious music]",
     "[language instruction]", "[nature sounds]", "[news report]"}
)  # fmt: skip
# Their ids in MusicBrainz say the same.
PLACEHOLDER_MBIDS = frozenset(
    {
        "89ad4ac3-39f7-470e-963a-56509c546377",  # Various Artists
        "125ec42a-7229-4250-afc5-e057484327fe",  # [unknown]
        "eec63d3c-3b81-4ad4-b1e4-7c147d4d2b61",  # [no artist]
        "f731ccc4-e22a-43af-a747-64213329e088",  # [anonymous]
        "9be7f096-97ec-4615-8957-8d40b5dcbc41",  # [traditional]
        "33cf029c-63b0-41a0-9855-be2a3665fb3b",  # [data]
        "314e1c25-dde7-4e4d-b2f4-0a7b9f7c56dc",  # [dialogue]
        "66ea0139-149f-4a0c-8fbf-5ea9ec4a6e49",  # [Disney]
        "a0ef7e1d-44ff-4039-9435-7d5fefdeecc9",  # [theatre]
        "90068d37-bae7-4292-be4a-704c145bd616",  # [church chimes]
        "80a8851f-444c-4539-892b-ad2a49292aa9",  # [language instruction]
        "0187fe48-c87d-4dd8-beca-9c07ef535603",  # [christmas music]
        "9e44f539-f3fc-4120-bce2-94c8716437fa",  # [classical music]
        "d6bd72bc-b1e2-4525-92aa-0f853cbb41bf",  # [soundtrack]
        "ae636985-40e8-4010-ae02-0f35930f8017",  # [religious music]
        "51118c9d-965d-4f9f-89a1-0091837ccf54",  # [nature sounds]
        "49e713ce-c3be-4697-8983-ee7cd0a11ea1",  # [news report]
        "7e84f845-ac16-41fe-9ff8-df12eb32af55",  # MusicBrainz Test Artist
    }
)


@dataclass(frozen=True, slots=True)
class Credited:
    """One artist of a credit; ``mbid`` is a MusicBrainz artist id, or ""."""

    name: str
    mbid: str = ""


def is_placeholder(key: str, mbid: str = "") -> bool:
    """Whether an artist of this name key or id stands for nobody."""
    return key in _WRITTEN_SO or _bare(key) in PLACEHOLDERS or mbid in PLACEHOLDER_MBIDS


def credit(
    whole: str, names: Sequence[str] = (), mbids: Sequence[str] = (), *, title: str = ""
) -> tuple[Credited, ...]:
    """The artists of a credit, the first one first, each once; guests whom the title names behind them.

    Beside somebody, nobody ("Various Artists feat. …") is left out.
    """
    if names:
        ids = mbids if len(mbids) == len(names) else [""] * len(names)
        told = [Credited(name, mbid) for name, mbid in zip(names, ids, strict=True)]
    else:
        apart = _apart(whole)
        told = [Credited(name, mbids[0] if len(mbids) == len(apart) == 1 else "") for name in apart]
    told += [Credited((found["guests"] or found["last"]).strip()) for found in _IN_TITLE.finditer(title)]
    seen: dict[str, Credited] = {}
    for artist in (artist for artist in told if is_visible(artist.name)):
        seen.setdefault(name_key(artist.name), artist)
    somebodies = [artist for key, artist in seen.items() if not is_placeholder(key, artist.mbid)]
    return tuple(somebodies or seen.values())


def title_key(title: str) -> str:
    """A title's name key without a guest: who that is belongs to the credit."""
    return name_key(_IN_TITLE.sub("", title) or title)


def _apart(whole: str) -> list[str]:
    match = _FEATURING.search(whole)
    if match is None or not match.start():
        return [whole]
    return [whole[: match.start()].strip(), match["guests"].strip()]
