"""What people can see and do about what is used of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
import strawberry_django
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from strawberry import relay

from accounts.api.context import Info, ShownRows, ViewerPart, connection, mutation, opened
from accounts.api.mutations import PrivacyPayload
from accounts.api.queries import privacy_settings
from accounts.api.repeats import Again
from accounts.api.types import Listener
from accounts.models import PersonalizationLevel, Purpose, User
from accounts.presentation import Presented, Ref, node_shown, rows_shown
from accounts.services.on_device import on_device_set
from accounts.services.password import password_ask
from accounts.services.private_session import private_session_end, private_session_start
from discovery import models
from discovery.platform.errors import InvalidInput, NotFound
from discovery.platform.graphql.messages import OperationInfo
from discovery.platform.graphql.node import global_id, node_ref, uuids_of
from discovery.platform.graphql.pagination import DEFAULT_PAGE, Rows, page_size
from discovery.privacy import parameters, usage
from discovery.privacy.erasure import erasure_confirm, erasure_request
from discovery.privacy.export import data_export_link, data_export_list, data_export_request
from discovery.privacy.preview import PreviewView, preview_removal
from discovery.recommend.disclosure import social_use_item
from graph.api.types import Item, ModelVersion
from graph.models import Artist, ItemKind, Playlist, Track
from graph.selectors import models_that_saw
from graph.services.exclusions import taste_exclusion_set

strawberry.enum(parameters.Signal, name="RecommenderSignal", description="What can enter a score.")


@strawberry.type(description="One thing that weighs in when something is recommended.")
class RecommenderParameter:
    signal: parameters.Signal
    description: str
    how_to_change: str
    level: PersonalizationLevel = strawberry.field(description="The lowest level at which it enters.")
    purpose: Purpose | None = strawberry.field(description="The permission that turns it on and off.")
    weight: float | None = strawberry.field(description="Its factor in the active model.")
    average_share: float | None = strawberry.field(
        description="Its mean share of all that weighs in, for and against, on the first 20 items "
        "the viewer is shown now."
    )


@strawberry.type(description="One kind of thing that is kept about the viewer.")
class HeldData:
    name: str
    why: str
    purpose: Purpose | None = strawberry.field(description="The permission it was stored by.")
    count: int
    used_for: list[Purpose] = strawberry.field(description="Where it is in use now.")
    oldest: date | None
    newest: date | None

    @classmethod
    def of(cls, held: usage.Held) -> HeldData:
        return cls(
            name=held.name, why=held.why, purpose=held.purpose, count=held.count,
            used_for=list(held.used_for), oldest=_day(held.oldest), newest=_day(held.newest),
        )  # fmt: skip


@strawberry.type(
    description="What is held about the viewer, why, where it was used, and which models saw it."
)
class DataUsage:
    user: strawberry.Private[User]

    @strawberry.field
    def held(self) -> list[HeldData]:
        return [HeldData.of(held) for held in usage.held(self.user)]

    @strawberry.field(description="Models trained while CONTRIBUTE was granted, newest first.")
    def models(self) -> list[ModelVersion]:
        return models_that_saw(self.user)  # type: ignore[return-value]  # strawberry-django types are their models


@strawberry_django.type(
    models.SocialUse, description="On that day, the viewer's plays shaped what a friend was shown."
)
class SocialUse(ShownRows, relay.Node):
    day: date
    named: bool = strawberry_django.field(description="Whether the viewer's name stood in the reason.")

    @strawberry_django.field(select_related=["recipient"])
    def recipient(self, root: strawberry.Parent[models.SocialUse]) -> Listener:
        return root.recipient  # type: ignore[return-value]

    @strawberry_django.field(
        only=["item_kind", "item_id"],
        description="The play of the viewer's that was cited; null where unnamed.",
    )
    def item_id(self, root: strawberry.Parent[models.SocialUse]) -> strawberry.ID | None:
        item = social_use_item(root)
        return item and strawberry.ID(global_id(*item))


SocialUseConnection = Rows[SocialUse]


DataExportState = strawberry.enum(models.DataExport.State, name="DataExportState")
ErasureState = strawberry.enum(models.Erasure.State, name="ErasureState")


@strawberry.type(
    description="A file with what is kept about the viewer; it says itself what is not in it, and why."
)
class DataExport(relay.Node):
    pk: relay.NodeID[UUID]
    state: models.DataExport.State
    requested_at: datetime
    expires_at: datetime | None
    size: int = strawberry.field(description="Bytes; 0 until it is there.")
    sha256: str
    url: str | None = strawberry.field(
        description="Its address while it is there; only the viewer, signed in, is given the file."
    )

    @classmethod
    def resolve_node(cls, node_id: str, *, info: Info, **_: Any) -> DataExport | None:  # type: ignore[override]
        """One of those that the viewer is told of."""
        viewer = info.context.viewer
        least, largest = uuids_of(int(node_id))
        told = () if viewer is None else data_export_list(user=viewer)
        return next((cls.of(export, info) for export in told if least <= export.pk <= largest), None)

    @classmethod
    def of(cls, export: models.DataExport, info: Info) -> DataExport:
        link = data_export_link(export)
        return cls(
            pk=export.pk, state=models.DataExport.State(export.state),
            requested_at=export.requested_at, expires_at=export.expires_at, size=export.size,
            sha256=export.sha256, url=link and info.context.request.build_absolute_uri(link),
        )  # fmt: skip


@strawberry.type(
    description="An erasure on its way. Keep the address: there is no account to sign in to any more."
)
class Erasure:
    state: models.Erasure.State
    requested_at: datetime
    url: str


DataExportPayload = Annotated[DataExport | OperationInfo, strawberry.union("DataExportPayload")]
ErasurePayload = Annotated[Erasure | OperationInfo, strawberry.union("ErasurePayload")]


@strawberry.type(description="The viewer's first recommendations, as they are and without one signal.")
class RemovalPreview:
    signals: int = strawberry.field(description="How many pieces of evidence would not count any more.")
    lost: list[Item]
    gained: list[Item]
    after: list[Item]

    @classmethod
    def of(cls, presented: Presented[PreviewView]) -> RemovalPreview:
        preview = presented.answer
        return cls(
            signals=preview.signals,
            lost=list(preview.lost),  # type: ignore[arg-type]
            gained=list(preview.gained),  # type: ignore[arg-type]
            after=list(preview.after),  # type: ignore[arg-type]
        )


@strawberry.type
class Viewer(ViewerPart):
    """The part of ``Viewer`` that is about what is used of them."""

    @strawberry.field
    def data_usage(self) -> DataUsage:
        return DataUsage(user=self.user)

    @connection(SocialUseConnection, description="To whom the viewer was shown, and why; latest first.")
    def shown_to(self) -> Presented[QuerySet[models.SocialUse]]:
        return rows_shown(self.user, usage.shown_to(self.user))

    @strawberry.field(description="Exports the viewer asked for, newest first; at most ten.")
    def data_exports(self, info: Info) -> list[DataExport]:
        return [DataExport.of(export, info) for export in data_export_list(user=self.user)]

    @strawberry.field(
        description="What `discover` would lose without a track, artist, playlist or friend, before doing it."
    )
    def preview_removal(
        self,
        id: strawberry.ID,  # noqa: A002
        kind: ItemKind = ItemKind.TRACK,
        first: int = DEFAULT_PAGE,
    ) -> RemovalPreview:
        thing = _thing(self.user, id, "Track", "Artist", "Playlist", "Listener")
        return RemovalPreview.of(preview_removal(self.user, thing, kind, count=page_size(first)))


@strawberry.type
class Query:
    @strawberry.field(description="What weighs in, how much, and how to change it.")
    def recommender_parameters(
        self, info: Info, kind: ItemKind = ItemKind.TRACK
    ) -> list[RecommenderParameter]:
        return [
            RecommenderParameter(
                signal=parameter.signal, description=parameter.description, how_to_change=parameter.how_to_change,
                level=parameter.level, purpose=parameter.purpose,
                weight=parameter.weight, average_share=parameter.average_share,
            )
            for parameter in opened(parameters.recommender_parameters(info.context.viewer, kind), info)
        ]  # fmt: skip


@strawberry.type
class Mutation:
    @mutation(description="Let a track, artist or playlist count for nothing, or count again.")
    def exclude_from_taste(self, info: Info, id: strawberry.ID, excluded: bool = True) -> PrivacyPayload:  # noqa: A002
        user = info.context.signed_in
        thing = _thing(user, id, "Track", "Artist", "Playlist")
        if isinstance(thing, User):
            raise InvalidInput(_("A person cannot be excluded; see SOCIAL_IN and endFriendship."), field="id")
        taste_exclusion_set(user=user, thing=thing, excluded=excluded)
        return privacy_settings(user, info)

    @mutation(
        again=Again(lambda info, _kept: privacy_settings(info.context.signed_in, info)),
        description="For up to six hours, plays and feedback are refused instead of stored.",
    )
    def start_private_session(self, info: Info) -> PrivacyPayload:
        user = info.context.signed_in
        private_session_start(user=user)
        return privacy_settings(user, info)

    @mutation(description="End the private session; what was played in it stays unknown.")
    def end_private_session(self, info: Info) -> PrivacyPayload:
        user = info.context.signed_in
        private_session_end(user=user)
        return privacy_settings(user, info)

    @mutation(
        description="Keep what you play, and what you say of music, on your own device only, or here again. Switching on "
        "deletes what is kept of it here: have `/device/own` taken along before. While it is on, plays, feedback, moments, "
        "exclusions, radios and rooms are refused with ON_DEVICE_ONLY."
    )
    def set_on_device_only(self, info: Info, on: bool) -> PrivacyPayload:
        user = info.context.signed_in
        on_device_set(user=user, on=on)
        return privacy_settings(user, info)

    @mutation(
        again=Again(
            lambda info, key, password=None: _export_again(info, key, password),
            kept=lambda export: str(export.pk),
            secret=("password",),
        ),
        description="Have what is kept about you written into a file; within a day, the one there is. "
        "`password`: yours once more, unless you signed in within ten minutes.",
    )
    def request_data_export(self, info: Info, password: str | None = None) -> DataExportPayload:
        password_ask(credential=info.context.credential, password=password)
        return DataExport.of(data_export_request(user=info.context.signed_in), info)

    @mutation(
        description="Erase your account and everything in it; your answers stay for three years, under a random number. `confirm` "
        "is your own handle; "
        "`password`: yours once more, unless you signed in within ten minutes."
    )
    def request_erasure(self, info: Info, confirm: str, password: str | None = None) -> ErasurePayload:
        erasure_confirm(user=info.context.signed_in, confirm=confirm)
        password_ask(credential=info.context.credential, password=password)
        erasure = erasure_request(user=info.context.signed_in, confirm=confirm)
        return Erasure(
            state=models.Erasure.State(erasure.state),
            requested_at=erasure.requested_at,
            url=info.context.request.build_absolute_uri(reverse("erasure", args=[erasure.pk])),
        )


def _export_again(info: Info, key: str, password: str | None) -> DataExport:
    """An export that was asked for before: it tells where the file is, so the password is asked for again."""
    password_ask(credential=info.context.credential, password=password)
    export = info.context.signed_in.data_exports.filter(pk=key).first()
    if export is None:
        raise NotFound(_("There is no such thing."))
    return DataExport.of(export, info)


def _thing(viewer: User, value: strawberry.ID, *types: str) -> Track | Artist | Playlist | User:
    """What an id stands for, where the viewer may see it. Raises InvalidInput and NotFound."""
    thing: Track | Artist | Playlist | User | None = node_shown(
        viewer, Ref(*node_ref(value, *types, field="id"))
    )
    if thing is None:
        raise NotFound(_("There is no such thing."), field="id")
    return thing


def _day(moment: date | datetime | None) -> date | None:
    return moment.date() if isinstance(moment, datetime) else moment
