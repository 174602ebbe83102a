"""Prompts as people may write them, and whether each is understood as it is meant and carried out.

Enters: a table of prompts with what each has to come to (`tests/discovery/plans/prompts.tsv`). Leaves: `Judged`, a prompt
at a time, for a listener of a community that holds the names in them.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from accounts.intake import restoring
from accounts.models import User
from accounts.presentation import Presented
from discovery.lab.api_community import Generated, Tell, community_prepare
from discovery.plans.choose import APART, TOLERANCE
from discovery.plans.evidence import evidence_of
from discovery.plans.flow import nearest_pair
from discovery.plans.making import Made, Planned, index_in_full, plan_made
from discovery.plans.plan import LAST_YEAR, PlaylistPlan
from discovery.plans.selectors import Understood, text_understood
from discovery.plans.shortfalls import ShortfallCode
from discovery.plans.years import span_of_tag
from discovery.platform.errors import Refusal
from discovery.platform.names import name_key
from discovery.recommend.evidence import gather
from discovery.recommend.serving import index_for
from graph.models import Artist, ItemKind, Standing, Tag, Tagging, Track, TrackGuest
from graph.services.tags import tags_refresh

MILD = 0.4  # variety from which on a list counts as varied
ROUNDING = 1e-4
DECADES = ("70s", "80s", "90s", "2000s", "2010s")


@dataclass(frozen=True)
class Prompt:
    """``expected``: (what, value) each; ``seen``: "tuned" or "unseen"."""

    seen: str
    language: str
    text: str
    expected: tuple[tuple[str, str], ...]


@dataclass
class Judged:
    """What became of one prompt. ``missed``: what was not understood; ``broken``: what was, and is not so in the tracks."""

    prompt: Prompt
    missed: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    made_up: list[str] = field(default_factory=list)  # fields that nobody asked for
    invented: int = 0  # tracks that there are not
    off: float = 0.0  # how far reasons, words and remainder are from the score
    tagged: float | None = None  # the share of tracks that carry one of the plan's tags
    struck: float | None = None  # how far a word struck out changed more than its terms
    cpu: float = 0.0  # milliseconds of plan and preview


def prompts_read(path: Path) -> Iterator[Prompt]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t")
        for row in rows:
            expected = (part.partition("=") for part in row["expected"].split("; "))
            yield Prompt(
                row["seen"],
                row["language"],
                row["prompt"],
                tuple((what, value) for what, _is, value in expected),
            )


def world_prepare(*, tell: Tell) -> None:
    """The sample community with a model, and with decades for most of its artists: it has none. Raises Conflict where others are here."""
    community_prepare("sample", data=None, generated=Generated(), tell=tell)
    words = [
        Tag.objects.get_or_create(name=name, defaults={"standing": Standing.CATALOG})[0] for name in DECADES
    ]
    dated = [
        (artist, words[number % (len(words) + 1)])
        for number, artist in enumerate(Artist.objects.order_by("pk"))
        if number % (len(words) + 1) < len(words)
    ]
    with restoring():
        Tagging.objects.bulk_create(
            (Tagging(artist=artist, tag=tag) for artist, tag in dated), ignore_conflicts=True
        )
    tags_refresh()


# --- understood -----------------------------------------------------------------------------


def missed(prompt: Prompt, plan: PlaylistPlan) -> list[str]:
    """What of the prompt is not in the plan."""
    return [f"{what}={value}" for what, value in prompt.expected if not _understood(plan, what, value)]


def made_up(prompt: Prompt, plan: PlaylistPlan) -> list[str]:
    """Fields of the plan that the prompt says nothing of."""
    asked = {what for what, _value in prompt.expected}
    fields = {
        "length": plan.length, "count": plan.count, "unheard": plan.unheard, "artist": plan.artists, "tag": plan.tags,
        "without": plan.without, "friend": plan.friends, "era": plan.era, "arc": plan.energy, "variety": plan.variety,
    }  # fmt: skip
    return [what for what, told in fields.items() if told and what not in asked]


def _understood(plan: PlaylistPlan, what: str, value: str) -> bool:
    return _CHECKS[what](plan, value)


def _keys(value: str) -> set[str]:
    return {name_key(part) for part in value.split("|")}


def _mood(plan: PlaylistPlan, value: str) -> bool:
    if plan.mood is None:
        return False
    axes = {"v": plan.mood.valence, "e": plan.mood.energy}
    return all((axes[part[0]] > 0) == (part[1] == "+") and axes[part[0]] != 0 for part in value.split())


def _era(plan: PlaylistPlan, value: str) -> bool:
    first, _to, last = value.partition("-")
    return plan.era == (int(first) if first else None, int(last) if last else None)


_CHECKS: Mapping[str, Callable[[PlaylistPlan, str], bool]] = {
    "length": lambda plan, value: plan.length == int(value),
    "count": lambda plan, value: plan.count == int(value),
    "unheard": lambda plan, _value: plan.unheard,
    "artist": lambda plan, value: {name_key(part.text) for part in plan.artists} == _keys(value),
    "tag": lambda plan, value: {name_key(part.text) for part in plan.tags} == _keys(value),
    "without": lambda plan, value: {name_key(text) for text in plan.without} == _keys(value),
    # A handle of the sample begins with the name.
    "friend": lambda plan, value: (
        len(plan.friends) == len(value.split("|"))
        and all(
            any(handle.startswith(name_key(name)) for handle in value.split("|")) for name in plan.friends
        )
    ),
    "era": _era,
    "mood": _mood,
    "arc": lambda plan, value: (
        plan.energy is not None and (plan.energy.start < plan.energy.end) == (value == "up")
    ),
    "refresh": lambda plan, value: plan.refresh.value.lower() == value,
    "variety": lambda plan, value: plan.variety is not None and (plan.variety > MILD) == (value == "+"),
    "unknown": lambda plan, value: any(value in part.text for part in plan.unclear),
    "refused": lambda _plan, _value: False,
}


# --- carried out ----------------------------------------------------------------------------


def judge(viewer: User, prompt: Prompt) -> Judged:
    """Through the pipeline, as the API would answer ``viewer``."""
    judged, begun = Judged(prompt), time.process_time()
    expected = dict(prompt.expected)
    try:
        understood = text_understood(viewer, prompt.text)
    except Refusal as refusal:
        if expected.get("refused") != refusal.specific_code:
            judged.missed = [f"{what}={value}" for what, value in prompt.expected]
        return judged
    plan_made(viewer, understood.plan, understood.meant, first=20)
    judged.cpu = 1_000 * (time.process_time() - begun)
    judged.missed, judged.made_up = missed(prompt, understood.plan), made_up(prompt, understood.plan)
    made = plan_made(viewer, understood.plan, understood.meant).answer
    keys = [planned.recommendation.item.pk for planned in made.items]
    tracks = Track.objects.select_related("artist").in_bulk(keys)
    judged.invented = len(set(keys) - set(tracks)) + len(keys) - len(set(keys))
    judged.broken = _broken(viewer, understood, made, [tracks[key] for key in keys if key in tracks])
    judged.off = _off(viewer, understood, made)
    judged.tagged = _tagged(understood, [tracks[key] for key in keys if key in tracks])
    judged.struck = _struck(viewer, understood)
    return judged


def _broken(viewer: User, understood: Understood, made: Made, tracks: list[Track]) -> list[str]:
    """What of the plan is not so in the tracks, and not told as a shortfall."""
    plan, meant = understood.plan, understood.meant
    told = {shortfall.code for shortfall in made.shortfalls}
    artists = np.array([track.artist_id for track in tracks], dtype=np.int64)
    broken = []
    if plan.count is not None and len(tracks) != plan.count and ShortfallCode.TOO_FEW not in told:
        broken.append("count")
    if plan.length is not None:
        seconds = sum((track.duration_ms or 210_000) / 1_000 for track in tracks)
        if abs(seconds - plan.length) > TOLERANCE and ShortfallCode.LENGTH_NOT_REACHED not in told:
            broken.append("length")
    if plan.unheard and gather(viewer, ItemKind.TRACK).known & {track.pk for track in tracks}:
        broken.append("unheard")
    guests = TrackGuest.objects.filter(track__in=tracks, artist__in=meant.without_artists).exists()
    if guests or set(artists.tolist()) & meant.without_artists:
        broken.append("without an artist")
    words = [{name_key(tag) for tag in (*track.tags, *track.artist.tags)} for track in tracks]
    if any(of & meant.without_tags for of in words):
        broken.append("without a tag")
    if plan.era is not None and not all(_of_era(plan, of) for of in words):
        broken.append("era")
    apart = nearest_pair(artists)
    if apart is not None and apart < APART and ShortfallCode.ARTISTS_CLOSE not in told:
        broken.append("artists apart")
    return broken


def _of_era(plan: PlaylistPlan, words: set[str]) -> bool:
    first, last = plan.era or (None, None)
    spans = [span for word in words if (span := span_of_tag(word)) is not None]
    return any(span.first <= (last or LAST_YEAR) and span.last >= (first or 0) for span in spans)


def _off(viewer: User, understood: Understood, made: Made) -> float:
    """How far what is told of a track adds up to something else than what the index scores it with."""
    index = index_in_full(index_for(ItemKind.TRACK))
    if index is None or not made.items:
        return 0.0
    evidence = evidence_of(viewer, understood.plan, understood.meant).evidence
    _part, entries = evidence.in_index(index)
    told = [planned.recommendation for planned in made.items]
    scores = index.scores(entries)[index.rows(np.array([each.item.pk for each in told]))]
    sums = [sum(reason.cited.contribution for reason in each.reasons) + each.remainder for each in told]
    return float(np.abs(scores - sums).max() / max(1.0, float(np.abs(scores).max())))


def _tagged(understood: Understood, tracks: list[Track]) -> float | None:
    wanted = {name_key(part.text) for part in understood.plan.tags}
    if not wanted or not tracks:
        return None
    return sum(bool(wanted & {name_key(tag) for tag in track.tags}) for track in tracks) / len(tracks)


def _struck(viewer: User, understood: Understood) -> float | None:
    """How far the scores without the first word are from the scores with it, less that word's terms; over common tracks."""
    plan, meant = understood.plan, understood.meant
    if not plan.words:
        return None
    without = replace(plan, words=plan.words[1:])
    before, after = (_by_track(plan_made(viewer, each, meant)) for each in (plan, without))
    word = plan.words[0].text
    changes = []
    for key in before.keys() & after.keys():
        terms = {said.word: said.contribution for said in before[key].words}
        rest = {said.word: said.contribution for said in after[key].words}
        changes.append(abs(before[key].recommendation.score - terms[word] - after[key].recommendation.score))
        changes += [abs(terms[other] - value) for other, value in rest.items()]
    return max(changes, default=None)


def _by_track(made: Presented[Made]) -> dict[int, Planned]:
    return {planned.recommendation.item.pk: planned for planned in made.answer.items}
