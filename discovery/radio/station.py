"""A radio at one moment, for its listener: what is permitted and what the model makes of it, and what follows from both.

A `Station` is made for one request. It takes the radio further, keeps it, and presents it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from django.utils.translation import gettext as _

from accounts import policies
from accounts.models import PersonalizationLevel, User
from accounts.presentation import Presented, Ref, node_shown, present, present_nothing
from discovery.platform.errors import Conflict, NotFound
from discovery.platform.events import publish, radio_channel
from discovery.radio import log, store
from discovery.radio.choose import (
    REFUSALS,
    SEED_AMOUNT,
    choice,
    features,
    happened,
    neighbors,
    pick,
    refused,
    spared,
)
from discovery.radio.motion import Motion, motion_of
from discovery.radio.session import Outcome, Radio, SeedKind, reward_of
from discovery.radio.sources import Candidates, Scores, Source, offers, parts_of, proposed, score, undiluted
from discovery.recommend import evidence as gathering
from discovery.recommend.comparing import outcome_note
from discovery.recommend.evidence import KEY_ARTIST, KEY_ITEM, KEY_TAG, PermittedEvidence
from discovery.recommend.occasion import gather_now
from discovery.recommend.pipeline import Feed, Recommendation, feed_draft
from discovery.recommend.provenance import marks_of, sources_of, stands
from discovery.recommend.ranking import Ranking, held_items, open_among, top_rows
from discovery.recommend.serving import DegradedReason, Serving, serving_for
from discovery.segments.kinds import Defaults
from discovery.segments.services import defaults_for
from graph.arrays import Mask, Rows
from graph.histories import excluded_items
from graph.models import ItemKind
from graph.serving.channels import Channel, Evidence
from graph.serving.index import ItemIndex
from graph.serving.places import found

RECENT = 10  # items that `variety` keeps away from


@dataclass(frozen=True)
class Playing:
    """A radio, and presented: what it plays now and what would follow if nothing happened, with the sum's reasons."""

    radio: Radio
    queue: Presented[Feed]
    motion: Motion | None = None

    @property
    def now(self) -> Recommendation | None:
        """What plays, where the viewer may still see it."""
        first = next(iter(self.queue.answer.items), None)
        playing = self.radio.now and self.radio.now.item_id
        return first if first is not None and first.item.pk == playing else None

    @property
    def upcoming(self) -> Sequence[Recommendation]:
        """What the sum would play next."""
        items = self.queue.answer.items
        return items if self.now is None else items[1:]


@dataclass(frozen=True)
class Hearing:
    """What is permitted, as the index knows it, and the scores it adds up to."""

    index: ItemIndex
    permitted: PermittedEvidence  # lasting and then session entries
    lasting: Evidence
    session: Evidence
    scores: Scores  # of every item, or of those that were proposed
    held: Rows  # of what the viewer's libraries hold
    spared: Rows  # what does not come


@dataclass
class Station:
    """``radio`` as ``viewer`` has it now."""

    viewer: User
    radio: Radio
    habits: Defaults | None = None  # what is usual for the viewer, where that is known already

    @cached_property
    def serving(self) -> Serving:
        """The model that this request goes by."""
        return serving_for(self.viewer, self.radio.kind)

    @cached_property
    def hearing(self) -> Hearing | None:
        """Of the radio with all that was heard; None without a model."""
        index = self.serving.index
        if index is None:
            return None
        lasting = gather_now(self.viewer, self.radio.kind)
        if (
            self.radio.seed_kind is SeedKind.FRIEND
        ):  # of all friends, this one; nobody where that is not allowed
            lasting = lasting.where(
                (lasting.channel != Channel.FRIEND) | (lasting.friend == self.radio.seed_id)
            )
        part, known = lasting.in_index(index)
        said, session = self._said(lasting).in_index(index)
        parts, held = parts_of(index, known, session), index.known_rows(held_items(part))
        left_out = spared(index, self.radio, part.known)
        rows = proposed(index, parts, known=left_out, also=held)
        return Hearing(
            index=index, permitted=gathering.together(part, said), lasting=known, session=session,
            scores=score(index, parts, refused(index, self.radio), rows), held=held, spared=left_out,
        )  # fmt: skip

    @cached_property
    def usual(self) -> Defaults:
        """How long a queue is for this listener."""
        return self.habits or defaults_for(self.viewer)

    @cached_property
    def logged(self) -> bool:
        """Whether what is chosen, and what comes of it, may be noted."""
        return log.permitted(self.viewer)

    # -- what happens to it -------------------------------------------------------------------

    def ended(self, outcome: Outcome, ms_played: int | None, step: int | None) -> None:
        """What plays has ended with ``outcome``. Raises Conflict where ``step`` is over."""
        radio = self.radio
        if step is not None and step != radio.version:
            raise Conflict(_("This radio is at step %(step)d.") % {"step": radio.version}, field="step")
        reward = reward_of(outcome, ms_played)
        held: tuple[int, ...] = ()
        if outcome in REFUSALS and radio.now is not None and self.serving.index is not None:
            held = neighbors(self.serving.index, radio.now.item_id)
        if self.logged:
            log.outcome_log(user=self.viewer, radio=radio, outcome=outcome, reward=reward)
            if self.serving.pair is not None and radio.now is not None:
                outcome_note(self.serving.pair, reward)
        self.radio = radio.advanced(outcome, reward, held)

    def play_next(self) -> Playing:
        """Choose what follows, keep it, and tell whoever listens. Raises Conflict where somebody else was quicker."""
        if self.hearing is not None:
            self.radio = self._chosen(self.hearing)
        if session := store.private_session_of(self.viewer):
            self.radio = replace(self.radio, private=session)
        store.radio_save(user=self.viewer, radio=self.radio)
        if self.radio.now is not None and self.logged:
            log.choice_log(user=self.viewer, radio=self.radio, choice=self.radio.now)
        publish([radio_channel(self.radio.id)], {"step": self.radio.version})
        return self.playing()

    def standing_still(self) -> Playing:
        """The radio as it stands. What was chosen by plays that do not count any more has ended."""
        hearing, now = self.hearing, self.radio.now
        if hearing is None or now is None or stands(now.marks, sources_of(hearing.permitted)):
            return self.playing()
        self.radio = replace(self.radio, version=self.radio.version + 1, now=None)
        return self.play_next()

    def place_of(self, item_id: int) -> int:
        """The place (from 0) of an item in the sum, whatever may be played. Raises NotFound where it has none."""
        unknown = NotFound(_("The model does not know this item."), field="itemId")
        if self.hearing is None:
            raise unknown
        hearing, index = self.hearing, self.hearing.index
        rows = index.known_rows([item_id])
        if not len(rows):
            raise unknown
        parts = parts_of(index, hearing.lasting, hearing.session)
        whole = score(index, parts, refused(index, self.radio)).whole
        return int((whole > whole[rows[0]]).sum())

    # -- what it plays ------------------------------------------------------------------------

    def playing(self) -> Playing:
        """The radio, presented."""
        hearing = self.hearing
        use = hearing.permitted.use if hearing else policies.effective_use(self.viewer)
        feed = Feed(
            items=(), ranked=(), has_next=hearing is not None, level=use.level,
            model_version=self.serving.version, degraded=self.serving.degraded, not_used=use.not_used,
        )  # fmt: skip
        if hearing is None:
            return Playing(self.radio, present_nothing(self.viewer, feed))
        ranked = self._ranking(hearing)
        feed = replace(feed, degraded=_shortfall(hearing.index, ranked))
        playing = Playing(self.radio, present(self.viewer, feed_draft(feed, ranked)))
        now = playing.now
        return (
            replace(playing, motion=motion_of(self.viewer, hearing.index, self.radio.kind, now.item.pk))
            if now
            else playing
        )

    def _chosen(self, hearing: Hearing) -> Radio:
        """The radio with the next item, where there is one."""
        offered = self._offered(hearing)
        if not offered:
            return self.radio
        rewards = [heard.reward for heard in self.radio.heard]
        seen = features(rewards, len(hearing.lasting), hearing.scores)
        random = np.random.default_rng(secrets.randbits(64))
        picked = pick(offered, seen, log.posterior(self.radio), random)
        marks = marks_of(sources_of(hearing.permitted))
        return replace(self.radio, now=replace(choice(hearing.index, picked, seen), marks=marks))

    def _offered(self, hearing: Hearing) -> dict[Source, Candidates]:
        """Candidates by source. At level OFF the same for everyone: no exploring."""
        recent = hearing.index.known_rows([heard.item_id for heard in self.radio.heard[-RECENT:]])
        offered = offers(
            hearing.index, hearing.scores, self._open(hearing), variety=self.radio.variety, recent=recent
        )
        if hearing.permitted.use.level > PersonalizationLevel.OFF:
            return offered
        popular = offered.get(Source.POPULAR)
        return {} if popular is None else {Source.POPULAR: popular.first_alone()}

    def _open(self, hearing: Hearing) -> Mask:
        """What of the scored rows may come next [c]."""
        index, rows = hearing.index, hearing.scores.rows
        open_ = open_among(index, rows, [hearing.lasting], also=hearing.held, known=hearing.spared)
        if (
            hearing.permitted.use.level == PersonalizationLevel.OFF
        ):  # the most popular, where anything is popular
            open_ &= hearing.scores.prior > 0
        return open_

    def _ranking(self, hearing: Hearing) -> Ranking:
        """The item that plays, then the best of the sum, with what each entry of evidence adds to them."""
        index, open_, scores = hearing.index, self._open(hearing), hearing.scores
        now = index.known_rows([] if self.radio.now is None else [self.radio.now.item_id])
        open_[found(scores.rows, now)] = False
        following = top_rows(scores.whole, np.flatnonzero(open_), self.usual.queue)
        rows = np.concatenate([now, scores.rows[following]])
        said = index.contributions(hearing.session, rows) * undiluted(index, hearing.session)[:, None]
        return Ranking(
            has_next=True, evidence=hearing.permitted, rows=rows, ids=index.ids[rows],
            prior=index.prior[rows].astype(np.float64),
            contributions=np.concatenate([index.contributions(hearing.lasting, rows), said]),
        )  # fmt: skip

    # -- its session --------------------------------------------------------------------------

    def _said(self, lasting: PermittedEvidence) -> PermittedEvidence:
        """The seed and what happened since, as evidence; nothing at level OFF."""
        if lasting.use.level == PersonalizationLevel.OFF:
            return gathering.stated(lasting, [])
        rows = [(KEY_ITEM, item, amount, channel) for item, amount, channel in happened(self.radio)]
        seed = self._seed()
        picked = frozenset((key_kind, key) for key_kind, key, _amount, _channel in seed)
        return replace(gathering.stated(lasting, [*rows, *seed]), picked=picked)

    def _seed(self) -> list[tuple[int, int, float, Channel]]:
        seed = self.radio.seed_id
        match self.radio.seed_kind:
            case SeedKind.TAG:
                return [(KEY_TAG, seed, SEED_AMOUNT, Channel.PROMPT_TAG)]
            case SeedKind.TRACK if self.radio.kind is ItemKind.TRACK:
                return [(KEY_ITEM, seed, SEED_AMOUNT, Channel.PICK)]
            case SeedKind.TRACK:
                excluded = excluded_items([self.viewer.pk], ItemKind.TRACK).get(self.viewer.pk)
                if excluded is not None and seed in excluded.items:
                    return []
                track = node_shown(self.viewer, Ref("Track", seed))
                return [] if track is None else [(KEY_ITEM, track.artist_id, SEED_AMOUNT, Channel.PICK)]
            case SeedKind.ARTIST:
                key = KEY_ITEM if self.radio.kind is ItemKind.ARTIST else KEY_ARTIST
                return [(key, seed, SEED_AMOUNT, Channel.PICK)]
            case _:
                return []


def _shortfall(index: ItemIndex, ranked: Ranking) -> DegradedReason | None:
    """What a queue lacks. Where the sum says nothing of what is in it, it was drawn and not chosen."""
    if not len(ranked.ids):
        return DegradedReason.NOTHING_NEW
    if not ranked.prior.any() and not ranked.contributions.any():
        return DegradedReason.NO_EVIDENCE
    return None if index.learned.any() else DegradedReason.CATALOG_ONLY
