"""The radio, as the GraphQL schema shows it. No rule lives here: ``discovery.radio`` has them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import strawberry
from django.utils.translation import gettext as _

from accounts.api.context import Info, mutation
from accounts.api.repeats import Again
from accounts.models import PersonalizationLevel
from discovery.platform.errors import InvalidInput
from discovery.platform.graphql.inputs import text
from discovery.platform.graphql.messages import OperationInfo
from discovery.platform.graphql.node import node_ref
from discovery.radio import session
from discovery.radio.services import radio_advance, radio_get, radio_start
from discovery.radio.sources import Source
from discovery.radio.station import Playing
from discovery.recommend.api.types import Recommendation
from discovery.recommend.serving import DegradedReason
from graph.models import FeedbackKind, ItemKind, Tag

strawberry.enum(Source, name="RadioSource", description="Which reading of the sum an item came from.")

SEEDS = {
    "Track": session.SeedKind.TRACK,
    "Artist": session.SeedKind.ARTIST,
    "Listener": session.SeedKind.FRIEND,
    "Tag": session.SeedKind.TAG,
}
OUTCOMES = {
    None: session.Outcome.LISTENED,
    FeedbackKind.LIKE: session.Outcome.LIKED,
    FeedbackKind.SKIP: session.Outcome.SKIPPED,
    FeedbackKind.DISLIKE: session.Outcome.REFUSED,
    FeedbackKind.HIDE: session.Outcome.REFUSED,
}


@strawberry.type(
    description="How what plays moves, for a picture beside it; the same for everybody but for the tempo."
)
class RadioMotion:
    valence: float = strawberry.field(description="From -1, sad, to 1, happy.")
    energy: float = strawberry.field(description="From -1, calm, to 1, lively.")
    tempo: int | None = strawberry.field(
        description="Beats a minute, where a music server of yours tells it."
    )


@strawberry.type(description="What a radio plays now, what would follow, and how the choice was made.")
class RadioQueue:
    radio_id: strawberry.ID
    step: int = strawberry.field(
        description="How often it has advanced. Hand it back, and no step is taken twice."
    )
    now: Recommendation | None = strawberry.field(description="Null where nothing is left to play.")
    upcoming: list[Recommendation] = strawberry.field(
        description="What the sum would play next; each skip changes it."
    )
    source: Source | None = strawberry.field(description="Where the item came from: the step after the sum.")
    propensity: float | None = strawberry.field(description="How likely this item was.")
    variety: float
    level: PersonalizationLevel
    degraded: DegradedReason | None
    motion: RadioMotion | None = strawberry.field(description="Null where the model says nothing of it.")
    resume: str = strawberry.field(
        description="The radio's state, sealed. Hand it in with `advanceRadio`: the radio goes on even where "
        "the server has lost it."
    )

    @classmethod
    def of(cls, playing: Playing) -> RadioQueue:
        radio, queue = playing.radio, playing.queue.answer
        return cls(
            radio_id=strawberry.ID(session.public_id(radio)), step=radio.version,
            now=Recommendation.of(playing.now) if playing.now else None,
            upcoming=[Recommendation.of(recommendation) for recommendation in playing.upcoming],
            source=Source(radio.now.source) if radio.now else None,
            propensity=radio.now.propensity if radio.now else None,
            variety=radio.variety, level=queue.level, degraded=queue.degraded,
            motion=RadioMotion(**asdict(playing.motion)) if playing.motion else None,
            resume=session.resume_word(radio),
        )  # fmt: skip


RadioPayload = Annotated[RadioQueue | OperationInfo, strawberry.union("RadioPayload")]


@strawberry.type
class Mutation:
    @mutation(
        again=Again(
            lambda info, radio_id, **_arguments: RadioQueue.of(
                radio_get(viewer=info.context.signed_in, radio_id=radio_id)
            ),
            kept=lambda queue: queue.radio_id,
        ),
        description="Start a radio from a track, an artist, a friend or a tag (by its word), or from what the "
        "viewer permits alone.",
    )
    def start_radio(
        self,
        info: Info,
        seed_id: strawberry.ID | None = None,
        tag: str | None = None,
        kind: ItemKind | None = None,
        variety: float | None = None,
    ) -> RadioPayload:
        viewer = info.context.signed_in
        if seed_id is not None and tag is not None:
            raise InvalidInput(_("A radio starts from one thing."), field="tag")
        seed_kind, key = session.SeedKind.NOTHING, 0
        if seed_id is not None:
            name, key = node_ref(seed_id, *SEEDS, field="seedId")
            seed_kind = SEEDS[name]
        elif tag is not None:
            seed_kind, key = session.SeedKind.TAG, _tag(tag)
        return RadioQueue.of(
            radio_start(viewer=viewer, seed_kind=seed_kind, seed_id=key, kind=kind, variety=variety)
        )

    @mutation(
        description="Say what became of the item that plays (nothing: it was listened to) and get the next. "
        "A skip counts in that very next item."
    )
    def advance_radio(
        self,
        info: Info,
        radio_id: strawberry.ID,
        feedback: FeedbackKind | None = None,
        ms_played: int | None = None,
        step: int | None = None,
        resume: str | None = None,
    ) -> RadioPayload:
        return RadioQueue.of(
            radio_advance(
                viewer=info.context.signed_in, radio_id=radio_id, outcome=OUTCOMES[feedback],
                ms_played=ms_played, step=step, resume=resume,
            )
        )  # fmt: skip


def _tag(word: str) -> int:
    """The key of a tag, whatever its case; one that nobody uses is a seed that does not exist."""
    name = text(word, field="tag", largest=200)
    return Tag.objects.filter(name__iexact=name).values_list("pk", flat=True).first() or 0
