"""What kinds of listener the viewer is taken for, as the GraphQL schema shows it."""

from __future__ import annotations

from typing import Annotated

import strawberry
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.api.context import Info, ViewerPart, mutation
from accounts.models import User
from discovery.platform.graphql.messages import OperationInfo
from discovery.segments.kinds import KINDS, PLAIN_QUEUE, PLAIN_VARIETY, Judged, SegmentKind
from discovery.segments.services import segment_refuse, segments_of

__all__ = ["Mutation", "SegmentKind", "Viewer"]

strawberry.enum(SegmentKind, description="A kind of listener, by behavior alone.")


@strawberry.type(description="A kind of listener that the viewer is taken for, or refused to be taken for.")
class Segment:
    key: SegmentKind
    name: str
    reason: str = strawberry.field(
        description="Why, with its figure from the viewer's own plays; what others do is not told."
    )
    figure: float | None = strawberry.field(
        description="Of the last four whole weeks; null where it was refused, for then nobody looks."
    )
    effect: str = strawberry.field(description="What it changes where the viewer says nothing.")
    variety: float | None = strawberry.field(
        description="The variety of `discover` and of a radio where none is asked for; null where it does not say."
    )
    upcoming: int | None = strawberry.field(
        description="How many items a radio shows behind the one that plays; null where it does not say."
    )
    refused: bool

    @classmethod
    def of(cls, key: SegmentKind, judged: Judged | None) -> Segment:
        kind = KINDS[key]
        reason = (
            _("You do not want to be taken for this.")
            if judged is None
            else str(kind.reason) % {"figure": round(judged.figure)}
        )
        return cls(
            key=key, name=str(kind.name), reason=reason, figure=None if judged is None else judged.figure,
            effect=effect_of(key) if judged else _("It changes nothing."),
            variety=kind.variety, upcoming=kind.queue, refused=judged is None,
        )  # fmt: skip


def effect_of(key: SegmentKind) -> str:
    """What a kind changes, in words."""
    kind, said = KINDS[key], []
    if kind.variety is not None:
        said.append(
            _("Variety is %(variety)s instead of %(plain)s where you do not choose it.")
            % {"variety": number_format(f"{kind.variety:g}"), "plain": number_format(f"{PLAIN_VARIETY:g}")}
        )
    if kind.queue is not None:
        said.append(
            _("A radio shows %(count)d items ahead instead of %(plain)d.")
            % {"count": kind.queue, "plain": PLAIN_QUEUE}
        )
    return " ".join(said)


def _segments(user: User) -> list[Segment]:
    found = segments_of(user)
    return [
        *(Segment.of(judged.kind, judged) for judged in found.judged),
        *(Segment.of(kind, None) for kind in found.refused),
    ]


@strawberry.type(description="What the viewer is taken for now.")
class RefusedSegment:
    segments: list[Segment]


RefuseSegmentPayload = Annotated[RefusedSegment | OperationInfo, strawberry.union("RefuseSegmentPayload")]


@strawberry.type
class Viewer(ViewerPart):
    @strawberry.field(
        description="What kinds of listener the viewer is taken for, and why: asked of their own plays and of what they share by hand, at this moment, where "
        "SELF is granted and their level is OWN or more. No age, place, name or friend counts, and nothing of it is kept."
    )
    def segments(self) -> list[Segment]:
        return _segments(self.user)


@strawberry.type
class Mutation:
    @mutation(
        description="Refuse to be taken for a kind of listener, or take that back. A refused one changes nothing, from the next request on."
    )
    def refuse_segment(self, info: Info, key: SegmentKind, refused: bool = True) -> RefuseSegmentPayload:
        user = info.context.signed_in
        segment_refuse(user=user, kind=key, refused=refused)
        return RefusedSegment(segments=_segments(user))
