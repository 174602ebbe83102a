"""Starting a radio and taking it one item further."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from django.utils.translation import gettext as _

from accounts import policies
from accounts.models import PersonalizationLevel, User
from accounts.presentation import Presented, present, present_nothing
from discovery.platform.errors import Conflict, InvalidInput, NotFound
from discovery.platform.events import publish, radio_channel
from discovery.radio import log, store
from discovery.radio.choose import (
    REFUSALS,
    SEED_AMOUNT,
    choice,
    features,
    happened,
    neighbours,
    open_rows,
    pick,
    refused,
)
from discovery.radio.session import Outcome, Radio, SeedKind, reward_of
from discovery.radio.sources import Scores, Source, offers, score, undiluted
from discovery.recommend import evidence as gathering
from discovery.recommend.evidence import KEY_ARTIST, KEY_ITEM, KEY_TAG, PermittedEvidence
from discovery.recommend.pipeline import Feed, Recommendation, feed_draft
from discovery.recommend.ranking import Ranking, top_rows
from discovery.recommend.serving import index_for, playable_kind
from discovery.recommend.standing import marks_of, sources_of, stands
from graph import selectors
from graph.arrays import Doubles, Ids, Rows
from graph.models import ItemKind, Tag
from graph.serving.index import Channel, Evidence, ItemIndex

UPCOMING = 5  # items shown behind the one that plays
RECENT = 10  # items that `variety` keeps away from


@dataclass(frozen=True)
class Playing:
    """A radio, and presented: what it plays now and what would follow if nothing happened, with the sum's reasons."""

    radio: Radio
    queue: Presented[Feed]

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
class _Listening:
    """Everything one request needs of the model and the evidence."""

    index: ItemIndex
    permitted: PermittedEvidence  # lasting and then session entries that the index knows
    lasting: Evidence
    session: Evidence
    scores: Scores


def radio_start(
    *, viewer: User, seed_kind: SeedKind, seed_id: int = 0, kind: ItemKind | None = None, variety: float = 0.0
) -> Playing:
    """Begin a radio from a track, an artist, a friend, a tag, or nothing.

    Raises NotFound where the seed does not exist or is a friend whose plays may not be used, and
    InvalidInput for a variety outside 0 to 1.
    """
    if not 0 <= variety <= 1:
        raise InvalidInput(_("The variety is a number from 0 to 1."), field="variety")
    _check_seed(viewer, seed_kind, seed_id)
    radio = Radio(
        id=uuid.uuid4().hex, user_id=viewer.pk, kind=kind or playable_kind(), seed_kind=seed_kind,
        seed_id=seed_id, variety=float(variety),
    )  # fmt: skip
    return _play_next(viewer, radio)


def radio_advance(
    *,
    viewer: User,
    radio_id: str,
    outcome: Outcome = Outcome.LISTENED,
    ms_played: int | None = None,
    step: int | None = None,
    resume: str | None = None,
) -> Playing:
    """Say what became of the item that plays, and get the next one.

    Raises NotFound, InvalidInput for a ``resume`` word of no radio of ours, and Conflict when ``step``
    is not the radio's, or somebody else has taken it meanwhile.
    """
    if ms_played is not None and ms_played < 0:
        raise InvalidInput(_("A time played is not negative."), field="msPlayed")
    radio = store.radio_load(user=viewer, radio_id=radio_id, resume=resume)
    if step is not None and step != radio.version:
        raise Conflict(_("This radio is at step %(step)d.") % {"step": radio.version}, field="step")
    reward = reward_of(outcome, ms_played)
    index = index_for(radio.kind).index
    held: tuple[int, ...] = ()
    if outcome in REFUSALS and radio.now is not None and index is not None:
        held = neighbours(index, radio.now.item_id)
    if log.permitted(viewer):
        log.outcome_log(user=viewer, radio=radio, outcome=outcome, reward=reward)
    return _play_next(viewer, radio.advanced(outcome, reward, held))


def radio_get(*, viewer: User, radio_id: str) -> Playing:
    """A radio as it stands. What was chosen by plays that do not count any more has ended. Raises NotFound."""
    radio = store.radio_load(user=viewer, radio_id=radio_id)
    listening = _listen(viewer, radio)
    if listening is None or radio.now is None or stands(radio.now.marks, sources_of(listening.permitted)):
        return _playing(viewer, radio, listening)
    return _play_next(viewer, replace(radio, version=radio.version + 1, now=None))


def _play_next(viewer: User, radio: Radio) -> Playing:
    listening = _listen(viewer, radio)
    if listening is not None:
        radio = _chosen(radio, listening)
    if policies.in_private_session(viewer):
        radio = replace(radio, private=True)
    store.radio_save(user=viewer, radio=radio)
    if radio.now is not None and log.permitted(viewer):
        log.choice_log(user=viewer, radio=radio, choice=radio.now)
    publish([radio_channel(radio.id)], {"step": radio.version})
    return _playing(viewer, radio, listening)


def _chosen(radio: Radio, listening: _Listening) -> Radio:
    """``radio`` with the next item, where there is one."""
    index = listening.index
    open_ = open_rows(index, radio, _known(listening.permitted))
    offered = offers(index, listening.scores, open_, variety=radio.variety, recent=_recent(index, radio))
    if listening.permitted.use.level == PersonalizationLevel.OFF:  # the same for everyone: no exploring
        offered = {source: offer for source, offer in offered.items() if source is Source.POPULAR}
        offered = {
            source: replace(offer, probability=_first(len(offer.rows))) for source, offer in offered.items()
        }
    if not offered:
        return radio
    x = features([each.reward for each in radio.heard], len(listening.lasting), listening.scores)
    picked = pick(offered, x, log.posterior(radio), np.random.default_rng(secrets.randbits(64)))
    now = choice(index, picked, x)
    return replace(radio, now=replace(now, marks=marks_of(sources_of(listening.permitted))))


def _listen(viewer: User, radio: Radio) -> _Listening | None:
    index = index_for(radio.kind).index
    if index is None:
        return None
    lasting = gathering.gather(viewer, radio.kind)
    if radio.seed_kind is SeedKind.FRIEND:  # of all friends, this one; nobody where that is no longer allowed
        lasting = lasting.where((lasting.channel != Channel.FRIEND) | (lasting.friend == radio.seed_id))
    part, known = lasting.in_index(index)
    happening, session = _session(radio, lasting).in_index(index)
    return _Listening(
        index=index, permitted=gathering.together(part, happening), lasting=known, session=session,
        scores=score(index, known, session, refused(index, radio)),
    )  # fmt: skip


def _session(radio: Radio, lasting: PermittedEvidence) -> PermittedEvidence:
    """The seed and what happened since, as evidence; nothing at level OFF."""
    rows: list[tuple[int, int, float, Channel]] = []
    if lasting.use.level > PersonalizationLevel.OFF:
        rows = [(KEY_ITEM, item, amount, channel) for item, amount, channel in happened(radio)]
        rows += _seed(radio)
    return gathering.stated(lasting, rows)


def _seed(radio: Radio) -> list[tuple[int, int, float, Channel]]:
    match radio.seed_kind:
        case SeedKind.TAG:
            return [(KEY_TAG, radio.seed_id, SEED_AMOUNT, Channel.PROMPT_TAG)]
        case SeedKind.TRACK if radio.kind is ItemKind.TRACK:
            return [(KEY_ITEM, radio.seed_id, SEED_AMOUNT, Channel.PICK)]
        case SeedKind.TRACK:
            artist = selectors.tracks_get([radio.seed_id]).values_list("artist_id", flat=True)
            return [(KEY_ITEM, pk, SEED_AMOUNT, Channel.PICK) for pk in artist]
        case SeedKind.ARTIST:
            key = KEY_ITEM if radio.kind is ItemKind.ARTIST else KEY_ARTIST
            return [(key, radio.seed_id, SEED_AMOUNT, Channel.PICK)]
        case _:
            return []


def _playing(viewer: User, radio: Radio, listening: _Listening | None) -> Playing:
    serving = index_for(radio.kind)
    use = listening.permitted.use if listening else policies.effective_use(viewer)
    feed = Feed(
        items=(), start=0, has_next=listening is not None, level=use.level,
        model_version=serving.version, degraded=serving.degraded, not_used=use.not_used,
    )  # fmt: skip
    if listening is None:
        return Playing(radio, present_nothing(viewer, feed))
    return Playing(radio, present(viewer, feed_draft(feed, _ranking(radio, listening))))


def _ranking(radio: Radio, listening: _Listening) -> Ranking:
    """The item that plays, then the best of the sum, with what each entry of evidence adds to them."""
    index = listening.index
    open_ = open_rows(index, radio, _known(listening.permitted))
    rows = np.empty(0, dtype=np.int64)
    if radio.now is not None:
        rows = index.known_rows([radio.now.item_id])
        open_[rows] = False
    rows = np.concatenate([rows, top_rows(listening.scores.whole, np.flatnonzero(open_), UPCOMING)])
    return Ranking(
        has_next=True, evidence=listening.permitted, rows=rows, ids=index.ids[rows],
        prior=index.prior[rows].astype(np.float64),
        contributions=_contributions(listening, rows),
    )  # fmt: skip


def _contributions(listening: _Listening, rows: Rows) -> Doubles:
    """What each entry adds to each row [E, len(rows)], lasting entries first, as in ``permitted``."""
    index, session = listening.index, listening.session
    happened = index.contributions(session, rows) * undiluted(index, session)[:, None]
    return np.concatenate([index.contributions(listening.lasting, rows), happened])


def _check_seed(viewer: User, kind: SeedKind, seed_id: int) -> None:
    found = True
    match kind:
        case SeedKind.TRACK:
            found = selectors.tracks_get([seed_id]).exists()
        case SeedKind.ARTIST:
            found = selectors.artists_get([seed_id]).exists()
        case SeedKind.TAG:
            found = Tag.objects.filter(pk=seed_id).exists()
        case SeedKind.FRIEND:
            sources = policies.tellable(policies.social_sources(viewer))
            found = any(source.user_id == seed_id for source in sources)
    if not found:
        raise NotFound(_("There is nothing to start from here."), field="seedId")


def _known(permitted: PermittedEvidence) -> Ids:
    return np.fromiter(permitted.known, dtype=np.int64, count=len(permitted.known))


def _recent(index: ItemIndex, radio: Radio) -> Rows:
    return index.known_rows([each.item_id for each in radio.heard[-RECENT:]])


def _first(size: int) -> Doubles:
    found = np.zeros(size)
    found[:1] = 1.0
    return found


def standing(viewer: User, radio: Radio, item_id: int) -> int:
    """The place (from 0) of an item in the sum, whatever may be played. Raises NotFound where it has none."""
    listening = _listen(viewer, radio)
    row = int(listening.index.rows(np.array([item_id]))[0]) if listening else -1
    if listening is None or row < 0:
        raise NotFound(_("The model does not know this item."), field="itemId")
    return int((listening.scores.whole > listening.scores.whole[row]).sum())
