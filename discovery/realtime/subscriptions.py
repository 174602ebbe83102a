"""Subscriptions. Each message is built when it goes out, from what its viewer may see then."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import strawberry
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.api.context import Info
from accounts.models import User
from accounts.presentation import Presented
from discovery.platform.errors import NotAllowed, SignInRequired
from discovery.platform.events import TRAINING, door_channel, radio_channel, room_channel, viewer_channel
from discovery.radio.api import RadioQueue
from discovery.radio.services import radio_get
from discovery.radio.session import from_id
from discovery.realtime.batched import Batched, in_database
from discovery.realtime.hub import LOOK_AGAIN, NEWEST, WAITING, hub
from discovery.realtime.socket import LiveContext
from discovery.room.api import Room, RoomSummary, room_key, room_shown, rooms_shown
from discovery.scopes import ensure_scope
from discovery.together import activity
from discovery.together.activity import ActivityKind
from discovery.together.api import Activity
from graph.models import TrainingRun

Shown = TypeVar("Shown")
Show = Callable[[User, Mapping[str, Any]], Awaitable[Shown | None]]


@strawberry.type(description="How far the training in hand is.")
class TrainingProgress:
    key: str
    state: str = strawberry.field(description="RUNNING, DONE or FAILED.")
    progress: float = strawberry.field(description="0 to 1.")
    step: str


@strawberry.type
class Subscription:
    @strawberry.subscription(
        description="What friends play and like, as it happens, while they let the viewer know by name."
    )
    async def friend_activity(self, info: Info) -> AsyncGenerator[Activity, None]:
        viewer = await _viewer(info)
        async for shown in _each(info, [viewer_channel(viewer.pk)], _done):
            yield shown

    @strawberry.subscription(description="A radio of the viewer's: as it stands, then each time it advances.")
    async def radio_queue(self, info: Info, radio_id: strawberry.ID) -> AsyncGenerator[RadioQueue, None]:
        viewer = await _viewer(info)
        begun = from_id(radio_id, user_id=viewer.pk)

        def queue(user: User, message: Mapping[str, Any]) -> RadioQueue:
            return RadioQueue.of(radio_get(viewer=user, radio_id=radio_id))

        async for shown in _each(info, [radio_channel(begun.id)], _asked(queue), first=LOOK_AGAIN):
            yield shown

    @strawberry.subscription(
        description="A room the viewer is in: as it stands, then at each change. Ends with NOT_FOUND "
        "once they are not in it any more."
    )
    async def room_queue(self, info: Info, room_id: strawberry.ID) -> AsyncGenerator[Room, None]:
        await _viewer(info)
        key = room_key(room_id)

        def room(user: User, message: Mapping[str, Any]) -> Room:
            return room_shown(user, key)

        async for shown in _each(info, [room_channel(str(key))], _asked(room), first=LOOK_AGAIN):
            yield shown

    @strawberry.subscription(
        description="The rooms the viewer is in or invited to: as they stand, then each time one comes, goes or "
        "has other people in it."
    )
    async def rooms(self, info: Info) -> AsyncGenerator[list[RoomSummary], None]:
        viewer = await _viewer(info)

        def rooms(user: User, message: Mapping[str, Any]) -> list[RoomSummary]:
            return rooms_shown(user)

        async for shown in _each(info, [door_channel(viewer.pk)], _asked(rooms), first=LOOK_AGAIN):
            yield shown

    @strawberry.subscription(description="How far trainings are; for the people who run this installation.")
    async def training_progress(self, info: Info) -> AsyncGenerator[TrainingProgress, None]:
        async for shown in _each(info, [TRAINING], _asked(_trained), first=LOOK_AGAIN):
            yield shown


# What somebody does is news to many at once: whom it may be told is asked for all of them together.
_news: Batched[activity.News, Presented[activity.Activity | None]] = Batched(activity.news_told)


def _asked(work: Callable[[User, Mapping[str, Any]], Shown | None]) -> Show[Shown]:
    async def show(viewer: User, message: Mapping[str, Any]) -> Shown | None:
        return await in_database(work, viewer, message)

    return show


async def _each(
    info: Info,
    channels: Sequence[str],
    show: Show[Shown],
    *,
    first: Mapping[str, Any] | None = None,
) -> AsyncGenerator[Shown, None]:
    """What ``show`` makes of each message for the viewer as they are then; None is not sent.

    Ends with SIGN_IN_REQUIRED once the viewer is nobody any more.
    """
    context = info.context
    assert isinstance(context, LiveContext)  # noqa: S101 subscriptions run on sockets alone
    language = translation.get_language_from_request(context.request)
    # Of a state the newest version is told, where it is another than before; of events, each one.
    told: Shown | None = None
    async with hub().opened(channels, size=WAITING if first is None else NEWEST) as inbox:
        message = first if first is not None else await inbox.get()
        while True:
            viewer = await _viewer(info)
            with translation.override(language):  # reasons are said in words
                shown = await show(viewer, message)
            if shown is not None and (first is None or shown != told):
                context.missed += inbox.missed_take() if first is None else 0
                told = shown
                yield shown
            message = await inbox.get()


async def _viewer(info: Info) -> User:
    context = info.context
    assert isinstance(context, LiveContext)  # noqa: S101 subscriptions run on sockets alone
    if (viewer := await context.viewer_now()) is None:
        raise SignInRequired(_("Sign in to do this."))
    ensure_scope(context.credential, f"Subscription.{info.field_name}")
    return viewer


async def _done(viewer: User, message: Mapping[str, Any]) -> Activity | None:
    kinds = {"listen": ActivityKind.PLAYED, "like": ActivityKind.LIKED, "playing": ActivityKind.PLAYING}
    for word, kind in kinds.items():
        if word in message:
            told = await _news.get((viewer, kind, message[word]))
            return None if told is None else Activity.of(told)
    return None  # after a time without Redis: what happened meanwhile stands in the feed


def _trained(viewer: User, message: Mapping[str, Any]) -> TrainingProgress | None:
    if not viewer.is_staff:
        raise NotAllowed(_("This is for the people who run this installation."))
    run = TrainingRun.objects.order_by("-started_at", "-pk").first()
    if run is None:
        return None
    return TrainingProgress(key=run.key, state=run.state, progress=run.progress, step=run.step)
