"""The three lists of music: for you, from friends, and what is popular. Each brings its selection to the pipeline.

``shown``: keys of what earlier pages of the list showed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from accounts.models import PersonalizationLevel, User
from accounts.presentation import Presented, Ref
from discovery.recommend import evidence as gathering
from discovery.recommend import held, ranking
from discovery.recommend.evidence import PermittedEvidence
from discovery.recommend.occasion import gather_now
from discovery.recommend.pipeline import Feed, recommend
from discovery.recommend.prompt import begun_from, spoken, words_said
from discovery.recommend.serving import DegradedReason, index_for
from discovery.recommend.variants import variant_for
from graph.models import ItemKind
from graph.serving.channels import Channel
from graph.serving.index import ItemIndex


def for_you(
    viewer: User,
    kind: ItemKind,
    *,
    shown: Collection[int] = (),
    count: int = 20,
    level: PersonalizationLevel | None = None,
    variety: float | None = None,
    usual: float = 0.0,
    looked_at: bool = True,
    seeds: Sequence[Ref] = (),
    words: str = "",
) -> Presented[Feed]:
    """What the viewer does not know yet and is likely to play, by everything permitted at ``level``, and, but for level
    OFF, by the ``seeds`` and ``words`` of this request.

    ``variety``: as somebody asked for it; ``usual``: what it is where nobody does. ``looked_at``: whether the
    viewer is about to see it, or it says nothing of what they make of it.
    """

    def select(index: ItemIndex, evidence: PermittedEvidence) -> ranking.Ranking:
        if variant is not None:
            return variant.select(index, evidence, shown=shown, count=count, variety=variety, usual=usual)
        return held.rank_with_held(index, evidence, shown=shown, count=count, variety=varied, spoken_of=True)

    def without(evidence: PermittedEvidence) -> ranking.Ranking:
        return held.rank_held(evidence, shown=shown, count=count, variety=varied)

    permitted = gather_now(viewer, kind, level=level)
    permitted, unknown = _asked(viewer, permitted, seeds, words)
    variant = variant_for(viewer, kind, permitted)
    varied = variety if variety is not None else usual if variant is None else variant.variety(usual)
    personal = permitted.use.own or permitted.use.friends or bool(len(permitted))
    presented = recommend(
        viewer, permitted, select, personal=personal, variety=varied, tried=variant is None,  # one trial at a time
        without=without if held.speaks(permitted) else None,
        empty=_empty(DegradedReason.NOTHING_NEW if len(permitted) else DegradedReason.TOO_FEW_LISTENERS, shown),
        not_understood=unknown,
    )  # fmt: skip
    if variant is not None and looked_at:
        variant.note(presented.answer)
    return presented


def _asked(
    viewer: User, permitted: PermittedEvidence, seeds: Sequence[Ref], words: str
) -> tuple[PermittedEvidence, tuple[str, ...]]:
    """What is permitted and what was asked for; and the words that mean nothing here."""
    permitted = begun_from(viewer, permitted, seeds)
    heard = words and permitted.use.level > PersonalizationLevel.OFF
    index = index_for(permitted.kind).index if heard else None
    if index is None:
        return permitted, ()
    said, unknown = words_said(words, index)
    return spoken(permitted, said), tuple(unknown)


def from_friends(
    viewer: User, kind: ItemKind, *, shown: Collection[int] = (), count: int = 20
) -> Presented[Feed]:
    """What consenting friends play and the viewer does not know, ranked by the friends' terms alone."""
    permitted = gathering.gather(viewer, kind)
    social = permitted.where(permitted.channel == Channel.FRIEND)
    played = set(social.key_id[social.key_kind == gathering.KEY_ITEM].tolist())

    def select(index: ItemIndex, evidence: PermittedEvidence) -> ranking.Ranking:
        return ranking.rank(index, evidence, shown=shown, count=count, among=played, with_prior=False)

    nothing_new = _empty(DegradedReason.NOTHING_NEW, shown) if len(social) else None
    return recommend(viewer, social, select, personal=permitted.use.friends, tried=True, empty=nothing_new)


def popular(
    viewer: User | None, kind: ItemKind, *, shown: Collection[int] = (), count: int = 20
) -> Presented[Feed]:
    """The most popular, the same for everyone: the sum without any evidence."""

    def select(index: ItemIndex, evidence: PermittedEvidence) -> ranking.Ranking:
        return ranking.rank(index, evidence, shown=shown, count=count, spoken_of=True)

    too_few = _empty(DegradedReason.TOO_FEW_LISTENERS, shown)
    return recommend(viewer, gathering.nothing(kind), select, personal=False, empty=too_few)


def _empty(meaning: DegradedReason, shown: Collection[int]) -> DegradedReason | None:
    """What it means that a list has nothing; behind what earlier pages showed, it has only ended."""
    return None if shown else meaning
