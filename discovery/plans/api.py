"""Plans and what they come to, as the GraphQL schema shows them. No rule lives here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Self

import strawberry

from accounts.api.context import Info, ViewerPart, mutation, opened, shown
from accounts.api.repeats import row_again
from accounts.models import PersonalizationLevel, Purpose, User
from accounts.presentation import Presented
from discovery import models
from discovery.plans.grammar import plan_written
from discovery.plans.making import Made, Planned, plan_explained, plan_made
from discovery.plans.plan import (
    Arc,
    Era,
    Language,
    Mood,
    Named,
    Refresh,
    Why,
)
from discovery.plans.plan import (
    PlaylistPlan as Plan,
)
from discovery.plans.selectors import (
    Understood,
    kept_get,
    kept_plan,
    kept_tracks,
    plan_understood_again,
    text_understood,
)
from discovery.plans.services import playlist_make, refresh_set
from discovery.plans.shortfalls import Shortfall, ShortfallCode, shortfall_words
from discovery.platform.graphql.messages import OperationInfo
from discovery.platform.graphql.node import node_id
from discovery.platform.graphql.pagination import DEFAULT_PAGE, page_size
from discovery.recommend.api.types import Reason
from discovery.recommend.serving import DegradedReason
from graph.api.mutations import PlaylistPayload
from graph.api.types import ModelVersion, Track

strawberry.enum(Refresh, name="PlanRefresh", description="How often a playlist is made anew by its plan.")
strawberry.enum(Language, name="PlanLanguage", description="In which language the words were.")
strawberry.enum(
    Why, name="NotUnderstoodReason",
    description="UNKNOWN: nothing that you may see is called so. AMBIGUOUS: it may be several. NOT_POSSIBLE: no playlist can be made by it.",
)  # fmt: skip
strawberry.enum(
    ShortfallCode, name="PlanShortfallCode", description="Why a playlist is less than was asked for."
)


# --- what is understood ---------------------------------------------------------------------


@strawberry.type(description="A word, artist or tag of a plan, and how much it counts.")
class PlanWord:
    text: str = strawberry.field(description="As it was typed.")
    amount: float = strawberry.field(description="1 is what a word counts where nothing else is said.")
    means: str | None = strawberry.field(
        description="The English word that it means, where that is another one."
    )

    @classmethod
    def of(cls, parts: Sequence[Named]) -> list[Self]:
        return [cls(text=part.text, amount=part.amount, means=part.means or None) for part in parts]


@strawberry.type(description="How pleasant and how lively, each from -1 to 1.")
class PlanMood:
    valence: float
    energy: float


@strawberry.type(description="Years, both included; null where it is open.")
class PlanEra:
    first: int | None
    last: int | None


@strawberry.type(description="How lively it begins and ends, each from 0 to 1.")
class PlanEnergy:
    start: float
    end: float


@strawberry.type(description="A part of what was said that is in no field of the plan.")
class NotUnderstood:
    text: str
    why: Why


@strawberry.type(description="What a playlist lacks of its plan.")
class PlanShortfall:
    code: ShortfallCode
    message: str
    asked: float | None = strawberry.field(description="What was asked for, where it is a figure.")
    reached: float | None = strawberry.field(description="What came of it.")

    @classmethod
    def of(cls, shortfall: Shortfall) -> Self:
        return cls(
            code=shortfall.code, message=shortfall_words(shortfall), asked=shortfall.asked, reached=shortfall.reached
        )  # fmt: skip


@strawberry.type(description="What one word of the plan adds to the score of one track.")
class WordShare:
    word: str
    contribution: float
    share: float = strawberry.field(description="|contribution| / Σ |all contributions to this score|")


@strawberry.type(description="A track of a plan. Σ reasons.contribution + remainder = score.")
class PlannedTrack:
    track: Track
    score: float
    reasons: list[Reason]
    remainder: float
    words: list[WordShare] = strawberry.field(
        description="Each word of the plan that says anything of tracks."
    )
    length_seconds: float | None = strawberry.field(description="Null where nobody knows it.")

    @classmethod
    def of(cls, planned: Planned) -> Self:
        told = planned.recommendation
        return cls(
            track=told.item, score=told.score, remainder=told.remainder,  # type: ignore[arg-type]
            reasons=[Reason.of(reason) for reason in told.reasons],
            words=[
                WordShare(word=said.word, contribution=said.contribution, share=said.share) for said in planned.words
            ],
            length_seconds=planned.seconds,
        )  # fmt: skip


@strawberry.type(description="What a plan would choose now, in the order in which it plays.")
class PlanPreview:
    tracks: list[PlannedTrack]
    count: int = strawberry.field(description="Of all tracks, also of those behind `first`.")
    length_seconds: float = strawberry.field(description="Of all tracks together.")
    estimated: bool = strawberry.field(description="Whether tracks are in it whose length nobody knows.")
    shortfalls: list[PlanShortfall]
    level: PersonalizationLevel = strawberry.field(description="The level in effect.")
    not_used: list[Purpose] = strawberry.field(
        description="Purposes that would have counted at this level, were they granted."
    )
    model_version: ModelVersion | None
    degraded: DegradedReason | None

    @classmethod
    def of(cls, made: Made) -> Self:
        feed = made.feed
        return cls(
            tracks=[PlannedTrack.of(planned) for planned in made.items],
            count=made.count, length_seconds=made.seconds, estimated=made.estimated,
            shortfalls=[PlanShortfall.of(shortfall) for shortfall in made.shortfalls],
            level=feed.level, not_used=list(feed.not_used), model_version=feed.model_version,  # type: ignore[arg-type]
            degraded=feed.degraded,
        )  # fmt: skip


@strawberry.type(description="What words are understood as, before anything is made of them.")
class PlaylistPlan:
    words: list[PlanWord] = strawberry.field(description="Words for a mood or an occasion.")
    artists: list[PlanWord] = strawberry.field(description="Artists that it is to be like.")
    tags: list[PlanWord]
    friends: list[str] = strawberry.field(
        description="Friends whose plays count, as far as they share them by name."
    )
    without: list[str] = strawberry.field(description="Artists and tags that stay away, guests too.")
    mood: PlanMood | None = strawberry.field(description="Where its words lie together.")
    era: PlanEra | None
    length_seconds: int | None
    count: int | None
    unheard: bool = strawberry.field(description="Nothing that the viewer heard, liked or turned away.")
    energy: PlanEnergy | None
    variety: float | None
    refresh: Refresh
    title: str
    language: Language
    not_understood: list[NotUnderstood] = strawberry.field(description="Nothing is made up for it.")
    grammar: str = strawberry.field(
        description="The plan as text that says the same again; see docs/playlists.md."
    )
    asker: strawberry.Private[User]
    understood: strawberry.Private[Understood]

    @strawberry.field(description="What it would choose now; nothing is kept.")
    def preview(self, info: Info, first: int | None = DEFAULT_PAGE) -> PlanPreview:
        plan, meant = self.understood.plan, self.understood.meant
        return PlanPreview.of(opened(plan_made(self.asker, plan, meant, first=page_size(first)), info))

    @classmethod
    def of(cls, asker: User, understood: Understood) -> Self:
        plan = understood.plan
        return cls(
            words=PlanWord.of(plan.words), artists=PlanWord.of(plan.artists), tags=PlanWord.of(plan.tags),
            friends=list(plan.friends), without=list(plan.without),
            mood=plan.mood and PlanMood(valence=plan.mood.valence, energy=plan.mood.energy),
            era=plan.era and PlanEra(first=plan.era.first, last=plan.era.last),
            length_seconds=plan.length, count=plan.count, unheard=plan.unheard,
            energy=plan.energy and PlanEnergy(start=plan.energy.start, end=plan.energy.end),
            variety=plan.variety, refresh=plan.refresh, title=plan.title, language=plan.language,
            not_understood=[NotUnderstood(text=part.text, why=part.why) for part in plan.unclear],
            grammar=plan_written(plan), asker=asker, understood=understood,
        )  # fmt: skip


@strawberry.type(description="The plan that a playlist of the viewer's was made by.")
class KeptPlan:
    plan: PlaylistPlan
    refresh: Refresh
    refreshed_at: dt.datetime | None = strawberry.field(
        description="When the clock made it anew last; null where it has not yet, or in a private session."
    )
    playlist: strawberry.Private[models.PlaylistPlanKept]

    @strawberry.field(
        description="Why the playlist's tracks would be chosen now: by what is permitted at this moment, not by what was when it was made."
    )
    def tracks(self, info: Info, first: int | None = DEFAULT_PAGE) -> list[PlannedTrack]:
        understood = self.plan.understood
        keys = kept_tracks(self.playlist)[: page_size(first)]
        made: Presented[Made] = plan_explained(self.plan.asker, understood.plan, understood.meant, keys)
        return [PlannedTrack.of(planned) for planned in opened(made, info).items]

    @classmethod
    def of(cls, asker: User, kept: models.PlaylistPlanKept) -> Self:
        understood = plan_understood_again(asker, kept_plan(kept))
        return cls(
            plan=PlaylistPlan.of(asker, understood), refresh=Refresh(kept.refresh),
            refreshed_at=kept.refreshed_at, playlist=kept,
        )  # fmt: skip


# --- what is told ---------------------------------------------------------------------------


@strawberry.input(description="A word, artist or tag, and how much it counts.")
class PlanWordInput:
    text: str
    amount: float = 1.0
    means: str | None = None


@strawberry.input(description="How pleasant and how lively, each from -1 to 1.")
class PlanMoodInput:
    valence: float
    energy: float


@strawberry.input(description="Years, both included; null where it is open.")
class PlanEraInput:
    first: int | None = None
    last: int | None = None


@strawberry.input(description="How lively it begins and ends, each from 0 to 1.")
class PlanEnergyInput:
    start: float
    end: float


@strawberry.input(description="A plan field by field, such as `plan` answered and somebody changed.")
class PlaylistPlanInput:
    words: list[PlanWordInput] | None = None
    artists: list[PlanWordInput] | None = None
    tags: list[PlanWordInput] | None = None
    friends: list[str] | None = None
    without: list[str] | None = None
    mood: PlanMoodInput | None = None
    era: PlanEraInput | None = None
    length_seconds: int | None = None
    count: int | None = None
    unheard: bool | None = None
    energy: PlanEnergyInput | None = None
    variety: float | None = None
    refresh: Refresh | None = None
    title: str | None = None

    def read(self) -> Plan:
        """As it was told; what is wrong with it is found where it is checked."""
        return Plan(
            words=_named(self.words), artists=_named(self.artists), tags=_named(self.tags),
            friends=tuple(self.friends or ()), without=tuple(self.without or ()),
            mood=Mood(self.mood.valence, self.mood.energy) if self.mood else None,
            era=Era(self.era.first, self.era.last) if self.era else None,
            length=self.length_seconds, count=self.count, unheard=bool(self.unheard),
            energy=Arc(self.energy.start, self.energy.end) if self.energy else None,
            variety=self.variety, refresh=self.refresh or Refresh.NEVER, title=self.title or "",
        )  # fmt: skip


def _named(parts: Sequence[PlanWordInput] | None) -> tuple[Named, ...]:
    return tuple(Named(part.text, part.amount, part.means or "") for part in parts or ())


KeptPlanPayload = Annotated[KeptPlan | OperationInfo, strawberry.union("KeptPlanPayload")]


@strawberry.type
class Viewer(ViewerPart):
    @strawberry.field(
        description="What words are understood as: free text in English or German, the grammar of docs/playlists.md, or both. "
        "Refused with a code where nothing of it is understood."
    )
    def plan(self, text: str) -> PlaylistPlan:
        return PlaylistPlan.of(self.user, text_understood(self.user, text))

    @strawberry.field(
        description="The same of a plan that is told field by field, such as one that was changed."
    )
    def plan_told(self, plan: PlaylistPlanInput) -> PlaylistPlan:
        return PlaylistPlan.of(self.user, plan_understood_again(self.user, plan.read()))

    @strawberry.field(
        description="The plan that the viewer's own playlist was made by; NOT_FOUND where it has none."
    )
    def playlist_plan(self, playlist_id: strawberry.ID) -> KeptPlan:
        key = node_id(playlist_id, "Playlist", field="playlistId")
        return KeptPlan.of(self.user, kept_get(self.user, key))


@strawberry.type
class Mutation:
    @mutation(
        again=row_again("Playlist"),
        description="Make a playlist of what the plan chooses now, and keep the plan beside it. PLAN_LEVEL at level OFF, where no word counts; "
        "PLAN_NOTHING_FITS where nothing does.",
    )
    def make_playlist(self, info: Info, plan: PlaylistPlanInput) -> PlaylistPayload:
        return shown(playlist_make(user=info.context.signed_in, plan=plan.read()), info)  # type: ignore[return-value]

    @mutation(
        description="Say how often a playlist is made anew by its plan, all its tracks at once, and to which connected music server it is handed then."
    )
    def set_playlist_refresh(
        self,
        info: Info,
        playlist_id: strawberry.ID,
        refresh: Refresh,
        library_id: strawberry.ID | None = None,
    ) -> KeptPlanPayload:
        user = info.context.signed_in
        kept = refresh_set(
            user=user, playlist_id=node_id(playlist_id, "Playlist", field="playlistId"), refresh=refresh,
            library_id=None if library_id is None else node_id(library_id, "Library", field="libraryId"),
        )  # fmt: skip
        return KeptPlan.of(user, kept)
