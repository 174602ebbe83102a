"""Models, for the people who run the installation: what there is, what became of each, and what is to serve."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.api.context import Info, mutation
from accounts.models import User
from discovery.platform.errors import NotAllowed
from discovery.platform.graphql.inputs import text
from discovery.platform.graphql.messages import OperationInfo
from discovery.platform.graphql.node import node_id, uuids_of
from discovery.platform.graphql.pagination import connection
from graph.api.types import ModelVersion, ModelVersionConnection
from graph.models import ModelVersion as Version
from graph.serving.lifecycle import staff_name
from graph.training.reinstate import model_promote, model_rollback, model_stop

LONGEST_WHY = 1_000

PromoteModelPayload = Annotated[ModelVersion | OperationInfo, strawberry.union("PromoteModelPayload")]
RollbackModelPayload = Annotated[ModelVersion | OperationInfo, strawberry.union("RollbackModelPayload")]
StopModelPayload = Annotated[ModelVersion | OperationInfo, strawberry.union("StopModelPayload")]


@strawberry.type
class Query:
    @connection(
        ModelVersionConnection,
        opened=lambda rows, _info: rows,
        description="Every version there was, latest first; for the people who run the installation.",
    )
    def model_versions(self, info: Info, state: Version.State | None = None) -> QuerySet[Version]:
        _staff(info)
        versions = Version.objects.order_by("-created_at", "-pk")
        return versions if state is None else versions.filter(state=state)


@strawberry.type
class Mutation:
    @mutation(
        description="Let a model serve, or be tried: as SHADOW, or as CANARY for a share of those who agreed to experiments (staff)."
    )
    def promote_model(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002
        to: Version.State = Version.State.ACTIVE,
        share: float | None = None,
        why: str = "",
    ) -> PromoteModelPayload:
        who = _operator(info)
        return model_promote(version_id=_key(id), becomes=to, share=share, who=who, why=_why(why))  # type: ignore[return-value]  # strawberry-django types are their models

    @mutation(description="Let the model serve that did before the active one, or an earlier one (staff).")
    def rollback_model(
        self,
        info: Info,
        id: strawberry.ID | None = None,  # noqa: A002
        why: str = "",
    ) -> RollbackModelPayload:
        who = _operator(info)
        return model_rollback(version_id=None if id is None else _key(id), who=who, why=_why(why))  # type: ignore[return-value]

    @mutation(
        description="Take a model out that is tried or waits for it; in place of the active one, the one before it serves (staff)."
    )
    def stop_model(self, info: Info, id: strawberry.ID, why: str = "") -> StopModelPayload:  # noqa: A002
        who = _operator(info)
        return model_stop(version_id=_key(id), who=who, why=_why(why))  # type: ignore[return-value]


def _staff(info: Info) -> User:
    viewer = info.context.signed_in
    if not viewer.is_staff:
        raise NotAllowed(_("This is for the people who run this installation."))
    return viewer


def _operator(info: Info) -> str:
    """Who of the staff it is, who may say what serves."""
    viewer = _staff(info)
    if not viewer.has_perm("graph.change_modelversion"):
        raise NotAllowed(_("This is for the people who run this installation."))
    return staff_name(viewer)


def _why(told: str) -> str:
    """What the audit is to say, which is kept for two years and lets no line be changed."""
    return text(told, field="why", largest=LONGEST_WHY, smallest=0)


def _key(value: strawberry.ID) -> UUID:
    """The key behind a model's id; one that nothing has, where there is none."""
    least, largest = uuids_of(node_id(value, "ModelVersion", field="id"))
    found = Version.objects.filter(pk__gte=least, pk__lte=largest).values_list("pk", flat=True)
    return found.first() or least
