"""What a device tells of moments, as the GraphQL schema shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import strawberry

from accounts.api.context import Info, ViewerPart, mutation
from accounts.api.repeats import Again
from accounts.models import User
from discovery.models import Moment as MomentRow
from discovery.models import MomentLabel, OccasionPurpose, ReadyPlaylists
from discovery.moments.services import Told, moments_forget, moments_of, moments_set, ready_set
from discovery.platform.graphql.messages import OperationInfo
from discovery.recommend.occasion import DayPart, day_part

__all__ = ["Mutation", "Viewer"]

strawberry.enum(MomentLabel, description="What a moment is.")
strawberry.enum(OccasionPurpose, description="The purposes on whose word moments are told.")
strawberry.enum(DayPart, description="A part of the day, by the installation's clock.")


@strawberry.type(description="A moment that a device of the viewer's told. It goes when it is over.")
class Moment:
    label: MomentLabel
    purpose: OccasionPurpose = strawberry.field(description="On whose word it was told.")
    starts_at: datetime
    minutes: int
    part_of_day: DayPart = strawberry.field(description="It follows from when the moment begins.")

    @classmethod
    def of(cls, row: MomentRow) -> Moment:
        return cls(
            label=MomentLabel(row.label), purpose=OccasionPurpose(row.purpose), starts_at=row.starts_at,
            minutes=row.minutes, part_of_day=day_part(row.starts_at),
        )  # fmt: skip


@strawberry.input(
    description="A moment as a device tells it: nothing of where, with whom or what it is called."
)
class MomentInput:
    label: MomentLabel
    starts_at: datetime = strawberry.field(description="To five minutes, within the next 14 days.")
    minutes: int = strawberry.field(description="In steps of five, at most a day.")

    def told(self) -> Told:
        return Told(self.label, self.starts_at, self.minutes)


@strawberry.type(description="What is told and not over.")
class MomentsTold:
    moments: list[Moment]


@strawberry.type(description="Whether a playlist is made before each moment.")
class PlaylistsReady:
    ready: bool


SetMomentsPayload = Annotated[MomentsTold | OperationInfo, strawberry.union("SetMomentsPayload")]
ForgetMomentsPayload = Annotated[MomentsTold | OperationInfo, strawberry.union("ForgetMomentsPayload")]
SetReadyPlaylistsPayload = Annotated[
    PlaylistsReady | OperationInfo, strawberry.union("SetReadyPlaylistsPayload")
]


def _told(user: User) -> MomentsTold:
    return MomentsTold(moments=[Moment.of(row) for row in moments_of(user)])


def _told_again(info: Any, _key: object, **_arguments: object) -> MomentsTold:
    return _told(info.context.signed_in)


@strawberry.type
class Viewer(ViewerPart):
    @strawberry.field(
        description="Moments that the viewer's devices told on a word that is given now, and that are not over; the earliest first."
    )
    def moments(self) -> list[Moment]:
        return _told(self.user).moments

    @strawberry.field(description="Whether a playlist is made shortly before each moment.")
    def ready_playlists(self) -> bool:
        return ReadyPlaylists.objects.filter(user=self.user).exists()


@strawberry.type
class Mutation:
    # What is told is in no digest either: it is gone when it is deleted.
    @mutation(
        again=Again(_told_again, secret=("input",)),
        description="Tell what moments are coming, on the word of CALENDAR or LOCATION, which has to be granted (CONSENT_MISSING): at most 50, "
        "instead of all that was told on that word before. What is over is not kept. In a private session it is refused (PRIVATE_SESSION).",
    )
    def set_moments(
        self,
        info: Info,
        purpose: OccasionPurpose,
        input: list[MomentInput],  # noqa: A002
    ) -> SetMomentsPayload:
        user = info.context.signed_in
        moments_set(user=user, purpose=purpose, told=[moment.told() for moment in input])
        return _told(user)

    @mutation(description="Delete what was told on the word of CALENDAR or LOCATION.")
    def forget_moments(self, info: Info, purpose: OccasionPurpose) -> ForgetMomentsPayload:
        user = info.context.signed_in
        moments_forget(user=user, purpose=purpose)
        return _told(user)

    @mutation(
        description="Have a playlist made shortly before each moment, while the level is CONTEXT; or none."
    )
    def set_ready_playlists(self, info: Info, ready: bool) -> SetReadyPlaylistsPayload:
        ready_set(user=info.context.signed_in, ready=ready)
        return PlaylistsReady(ready=ready)
