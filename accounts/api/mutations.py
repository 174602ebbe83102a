"""What people do through the API: befriend, block, allow, withdraw."""

from typing import Annotated

import strawberry
from django.utils.translation import gettext as _

from accounts.api.context import Info, mutation
from accounts.api.queries import Child, child_settings, gpc_sent, privacy_settings
from accounts.api.repeats import Again
from accounts.api.types import (
    FriendRequest,
    FriendshipState,
    Listener,
    PrivacySettings,
)
from accounts.models import ConsentActor, Friendship, PersonalizationLevel, Purpose, User, pair
from accounts.presentation import Ref, node_shown, row_shown
from accounts.selectors import friend_request_list
from accounts.services.consent import consent_set, consent_withdraw_all, level_set
from accounts.services.friendship import (
    block_create,
    block_remove,
    friendship_answer,
    friendship_end,
    friendship_request,
)
from accounts.services.guardianship import child_get
from discovery.platform.errors import Conflict, NotFound
from discovery.platform.graphql.inputs import text
from discovery.platform.graphql.messages import OperationInfo
from discovery.platform.graphql.node import node_id

CHANNEL = "graphql"


@strawberry.type(description="How the viewer stands with a listener now.")
class FriendshipChange:
    state: FriendshipState
    listener: Listener | None = strawberry.field(
        description="Null where the viewer does not see them any more."
    )
    request: FriendRequest | None = None


@strawberry.type(description="Whether the viewer blocks a listener now.")
class BlockChange:
    listener_id: strawberry.ID
    blocked: bool


@strawberry.type(description="What the viewer allows after a change.")
class ConsentChange:
    privacy: PrivacySettings
    child: Child | None = strawberry.field(default=None, description="The child it was answered for.")


FriendshipPayload = Annotated[FriendshipChange | OperationInfo, strawberry.union("FriendshipPayload")]
BlockPayload = Annotated[BlockChange | OperationInfo, strawberry.union("BlockPayload")]
ConsentPayload = Annotated[ConsentChange | OperationInfo, strawberry.union("ConsentPayload")]
PrivacyPayload = Annotated[PrivacySettings | OperationInfo, strawberry.union("PrivacyPayload")]


@strawberry.type
class Mutation:
    @mutation(
        again=Again(lambda info, _kept, listener_id: _standing_now(info, listener_id)),
        description="Ask for friendship; asking somebody who asked you already is a yes.",
    )
    def request_friendship(self, info: Info, listener_id: strawberry.ID) -> FriendshipPayload:
        other = listener_get(listener_id, info)
        friendship = friendship_request(user=info.context.signed_in, other=other)
        return _standing(info, other, friendship)

    @mutation(description="Accept or decline a request made to you.")
    def answer_friend_request(self, info: Info, request_id: strawberry.ID, accept: bool) -> FriendshipPayload:
        user = info.context.signed_in
        key = node_id(request_id, "FriendRequest", field="requestId")
        requests = friend_request_list(viewer=user).select_related("requested_by")
        request = requests.filter(pk=key).first()
        if request is None:
            raise NotFound(_("There is no such request."), field="requestId")
        return _standing(
            info, request.requested_by, friendship_answer(user=user, request=request, accept=accept)
        )

    @mutation(description="End a friendship, or take back or decline a request.")
    def end_friendship(self, info: Info, listener_id: strawberry.ID) -> FriendshipPayload:
        other = listener_get(listener_id, info)
        friendship_end(user=info.context.signed_in, other=other)
        return _standing(info, other, None)

    @mutation(description="Put a listener out of sight, both ways; it ends a friendship.")
    def block(self, info: Info, listener_id: strawberry.ID) -> BlockPayload:
        block_create(user=info.context.signed_in, other=_listener_or_blocked(listener_id, info))
        return BlockChange(listener_id=listener_id, blocked=True)

    @mutation(description="Take a block back.")
    def unblock(self, info: Info, listener_id: strawberry.ID) -> BlockPayload:
        block_remove(user=info.context.signed_in, other=_listener_or_blocked(listener_id, info))
        return BlockChange(listener_id=listener_id, blocked=False)

    @mutation(
        description="Answer one question, in general or (SOCIAL_OUT, NAMED, SOCIAL_IN) for one friend. A general no also "
        "takes back what was granted to single friends. What nothing uses cannot be granted (PURPOSE_NOT_USED)."
    )
    def set_consent(
        self,
        info: Info,
        purpose: Purpose,
        granted: bool,
        friend_id: strawberry.ID | None = None,
        idempotency_key: str | None = None,
        for_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="A child whom the viewer answers for: its id, or the one it has as a listener."
            ),
        ] = None,
        delete_recorded: Annotated[
            bool | None, strawberry.argument(description="With a no to RECORD: delete what it let in.")
        ] = False,
    ) -> ConsentPayload:
        viewer = info.context.signed_in
        child = None
        if for_id is not None:
            child = child_get(
                guardian=viewer, child=listener_get(for_id, info, "Child", "Listener", field="forId")
            )
        if granted and purpose == Purpose.THIRD_PARTY and gpc_sent(info):
            raise Conflict(_("Your browser says no (Sec-GPC)."), field="purpose", code="GPC_SIGNAL")
        key = idempotency_key and text(idempotency_key, field="idempotencyKey", largest=64)
        consent_set(
            user=child or viewer,
            purpose=purpose,
            granted=granted,
            actor=ConsentActor.GUARDIAN if child else ConsentActor.USER,
            friend=None if friend_id is None else listener_get(friend_id, info, field="friendId"),
            channel=CHANNEL,
            idempotency_key=key,
            delete_recorded=bool(delete_recorded),
        )
        return ConsentChange(
            privacy=privacy_settings(viewer, info), child=child_settings(child, info) if child else None
        )

    @mutation(
        description="Say no to every purpose, also to those never answered, and to every single friend."
    )
    def withdraw_all_consent(self, info: Info) -> ConsentPayload:
        user = info.context.signed_in
        consent_withdraw_all(user=user, channel=CHANNEL)
        return ConsentChange(privacy=privacy_settings(user, info))

    @mutation(description="Choose how much may shape what you are shown.")
    def set_personalization_level(self, info: Info, level: PersonalizationLevel) -> PrivacyPayload:
        user = info.context.signed_in
        level_set(user=user, level=level)
        return privacy_settings(user, info)


def listener_get(value: strawberry.ID, info: Info, *types: str, field: str = "listenerId") -> User:
    """The person behind an id (of these ``types``; without any, a listener's), where the viewer may see them.

    Raises NotFound for who is hidden and who does not exist alike: here, before anything else is asked of either.
    """
    other: User | None = node_shown(
        info.context.viewer, Ref("Listener", node_id(value, *(types or ("Listener",)), field=field))
    )
    if other is None:
        absent = _("There is no such friend.") if field == "friendId" else _("There is no such listener.")
        raise NotFound(absent, field=field)
    return other


def _listener_or_blocked(value: strawberry.ID, info: Info) -> User:
    """As `listener_get`; also whom the viewer put out of sight themselves."""
    key = node_id(value, "Listener", field="listenerId")
    blocked = User.objects.filter(pk=key, blocks_received__blocker=info.context.signed_in).first()
    return blocked or listener_get(value, info)


def _standing_now(info: Info, listener_id: strawberry.ID) -> FriendshipChange:
    other = listener_get(listener_id, info)
    return _standing(info, other, Friendship.objects.filter(**pair(info.context.signed_in, other)).first())


def _standing(info: Info, other: User, friendship: Friendship | None) -> FriendshipChange:
    state = FriendshipState.NONE if friendship is None else FriendshipState(friendship.state)
    return FriendshipChange(
        state=state,
        listener=row_shown(info.context.viewer, other),  # type: ignore[arg-type]  # strawberry-django types are their models
        request=row_shown(info.context.viewer, friendship)  # type: ignore[arg-type]
        if friendship is not None and state is FriendshipState.REQUESTED
        else None,
    )
