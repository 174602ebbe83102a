"""What a token needs for each field that a question can begin with. What stands in no line takes every scope.

A browser in which somebody signed in has every scope, and whoever is not signed in is shown what is everybody's. The
execution asks here before it resolves a field of these types, so that no resolver has to think of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from accounts.credentials import Credential
from accounts.models import EVERY_SCOPE, DeviceScope
from discovery.platform.errors import ScopeMissing

ROOTS = ("Query", "Viewer", "Mutation", "Subscription")

Scopes = frozenset[DeviceScope]
_ANY: Scopes = frozenset()


def _each(scopes: Scopes, kind: str, *names: str) -> dict[str, Scopes]:
    return {f"{kind}.{name}": scopes for name in names}


def _one(scope: DeviceScope, **names: tuple[str, ...]) -> dict[str, Scopes]:
    lines: dict[str, Scopes] = {}
    for kind, fields in names.items():
        lines |= _each(frozenset({scope}), kind, *fields)
    return lines


NEEDED: Mapping[str, Scopes] = {
    # What is everybody's, and who the viewer is. A node's own line stands below.
    **_each(_ANY, "Query", "activeModel", "communities", "node", "policy", "popular", "search", "viewer"),
    **_each(_ANY, "Viewer", "id", "profile"),
    # What is for those who run the installation: a token that could do anything else of theirs as well.
    **_each(EVERY_SCOPE, "Query", "deviceFeedback", "engagement", "experiments", "modelVersions"),
    **_each(EVERY_SCOPE, "Mutation", "promoteModel", "rollbackModel", "stopModel"),
    **_one(
        DeviceScope.DISCOVER,
        Query=("recommenderParameters",),
        Viewer=("community", "discover", "fromFriends", "plan", "planTold"),
        Mutation=("advanceRadio", "reportFromDevice", "startRadio"),
        Subscription=("radioQueue", "trainingProgress"),
    ),
    **_one(DeviceScope.PLAYS_READ, Viewer=("engagement", "feedback", "imports", "listens", "statistics")),
    **_one(DeviceScope.PLAYS_WRITE, Mutation=("clearFeedback", "correctListen", "giveFeedback", "importHistory", "recordListens")),
    **_one(
        DeviceScope.PLAYLISTS,
        Viewer=("playlistPlan", "playlists"),
        Mutation=(
            "addToPlaylist", "createPlaylist", "deletePlaylist", "movePlaylistEntry", "removeFromPlaylist",
            "renamePlaylist", "sendPlaylist", "setPlaylistRefresh",
        ),
    ),
    # It tells what one's plays choose, and writes it down.
    **_each(frozenset({DeviceScope.DISCOVER, DeviceScope.PLAYLISTS}), "Mutation", "makePlaylist"),
    **_one(
        DeviceScope.SOCIAL,
        Query=("people", "room"),
        Viewer=(
            "activity", "blend", "connectionTo", "friendRequests", "friendSuggestions", "friends", "invitations", "pathTo", "playingNow",
            "recommendationsReceived", "recommendationsSent", "rooms", "similarListeners", "tasteMatch",
        ),
        Mutation=(
            "acceptInvitation", "advanceRoom", "answerFriendRequest", "block", "createInvitation", "createRoom",
            "endFriendship", "inviteToRoom", "joinRoom", "leaveRoom", "recommendItem", "removeRecommendation",
            "requestFriendship", "revokeInvitation", "setRoomLink", "sharePlaylist", "skipInRoom", "unblock", "unsharePlaylist", "vetoInRoom", "voteInRoom",
        ),
        Subscription=("friendActivity", "roomQueue", "rooms"),
    ),
    **_one(
        DeviceScope.PRIVACY,
        Viewer=("children", "consentHistory", "dataUsage", "experiments", "moments", "previewRemoval", "privacy", "readyPlaylists", "segments", "shownTo"),
        Mutation=(
            "deleteListens", "endPrivateSession", "excludeFromTaste", "forgetMoments", "refuseSegment", "setConsent", "setMoments", "setOnDeviceOnly",
            "setPersonalizationLevel", "setReadyPlaylists", "startPrivateSession", "undoImport", "withdrawAllConsent",
        ),
    ),
    **_one(
        DeviceScope.ACCOUNT,
        Viewer=("dataExports", "devices", "libraries"),
        Mutation=(
            "changePassword", "connectLibrary", "createDevice", "disconnectLibrary", "refreshLibrary",
            "requestDataExport", "requestErasure", "revokeDevice", "updateProfile",
        ),
    ),
}  # fmt: skip

# What a token needs to be told of a node by its id.
NODES: Mapping[str, Scopes] = {
    **dict.fromkeys(("Artist", "Community", "ModelVersion", "Tag", "Track", "Viewer"), _ANY),
    **dict.fromkeys(("Feedback", "Import", "Listen"), frozenset({DeviceScope.PLAYS_READ})),
    **dict.fromkeys(("DataExport", "Device", "Library"), frozenset({DeviceScope.ACCOUNT})),
    **dict.fromkeys(("Playlist", "PlaylistEntry"), frozenset({DeviceScope.PLAYLISTS})),
    **dict.fromkeys(
        ("Activity", "FriendRequest", "Invitation", "ItemRecommendation", "Listener", "Room"),
        frozenset({DeviceScope.SOCIAL}),
    ),
    **dict.fromkeys(("Child", "ConsentEvent", "SocialUse"), frozenset({DeviceScope.PRIVACY})),
}


def ensure_scope(credential: Credential, place: str) -> None:
    """Raises ScopeMissing where the credential may not be used for a field of a root (``Viewer.listens``)."""
    _ensure(credential, NEEDED.get(place, EVERY_SCOPE))


def ensure_node_scope(credential: Credential, name: str) -> None:
    """The same for a node of this type, asked for by its id."""
    _ensure(credential, NODES.get(name, EVERY_SCOPE))


def _ensure(credential: Credential, needed: Scopes) -> None:
    if missing := needed - credential.scopes:
        names = ", ".join(scope.value for scope in DeviceScope if scope in missing)
        raise ScopeMissing(_("This token may not be used for this; it lacks %(scopes)s.") % {"scopes": names})
