"""What each field that has to work for its answer costs, beside what is in the answer: about five for a millisecond of CPU.

One operation may cost 5,000, which is a second's work. A field's cost is the same for whatever is asked of it, so it is
stated for its most (`make bench-hostile` measures them). Fields whose answer is read from one or two indexed
queries stand among the cheap ones; a test holds that every field a question can begin with stands in one of the two.
"""

from __future__ import annotations

from collections.abc import Mapping


def _each(cost: int, kind: str, *names: str) -> dict[str, int]:
    return {f"{kind}.{name}": cost for name in names}


COSTS: Mapping[str, int] = {
    # Rankings: evidence is gathered, items are scored, reasons are worded.
    **_each(1_000, "Viewer", "blend", "previewRemoval"),
    **_each(500, "Viewer", "fromFriends"),
    **_each(400, "Viewer", "dataUsage", "discover", "engagement", "friendSuggestions", "similarListeners", "statistics"),
    **_each(400, "KeptPlan", "tracks"),
    **_each(400, "PlaylistPlan", "preview"),
    **_each(300, "Viewer", "plan"),  # words without end, each of which may begin a name
    **_each(100, "Viewer", "planTold", "playlistPlan"),
    **_each(250, "Viewer", "connectionTo", "pathTo", "segments", "tasteMatch"),
    **_each(200, "Viewer", "activity", "community", "playingNow"),
    **_each(400, "Query", "room"),
    **_each(200, "Query", "communities", "deviceFeedback", "engagement", "experiments", "people", "recommenderParameters", "search"),
    **_each(100, "Query", "modelVersions", "popular"),
    **_each(50, "Query", "node"),
    # Of a listening's figures each is counted anew.
    **_each(100, "ListeningStatistics", "top", "topArtists", "topTracks"),
    **_each(1_000, "Mutation", "acceptInvitation", "advanceRadio", "advanceRoom", "createRoom", "importHistory", "inviteToRoom",
            "makePlaylist", "joinRoom", "leaveRoom", "skipInRoom", "startRadio", "vetoInRoom", "voteInRoom"),
    # They ask other servers, or hash a password.
    **_each(1_500, "Mutation", "changePassword", "connectLibrary", "refreshLibrary", "requestDataExport", "requestErasure", "sendPlaylist"),
    **_each(1_500, "Mutation", "promoteModel", "rollbackModel", "stopModel"),
    **_each(300, "Mutation", "answerFriendRequest", "block", "clearFeedback", "correctListen", "createDevice", "createInvitation",
            "createPlaylist", "deleteListens", "deletePlaylist", "disconnectLibrary", "endFriendship", "endPrivateSession",
            "excludeFromTaste", "forgetMoments", "giveFeedback", "movePlaylistEntry", "addToPlaylist", "recommendItem", "recordListens",
            "removeFromPlaylist", "removeRecommendation", "renamePlaylist", "requestFriendship", "revokeDevice",
            "refuseSegment", "reportFromDevice", "revokeInvitation", "setConsent", "setMoments", "setOnDeviceOnly", "setPersonalizationLevel", "setPlaylistRefresh", "setReadyPlaylists", "setRoomLink", "sharePlaylist", "startPrivateSession", "unblock",
            "undoImport", "unsharePlaylist", "updateProfile", "withdrawAllConsent"),
    **_each(100, "Subscription", "friendActivity", "radioQueue", "roomQueue", "rooms", "trainingProgress"),
}  # fmt: skip

# What is read in one or two indexed queries, or known without any.
CHEAP: frozenset[str] = frozenset(
    {f"Query.{name}" for name in ("activeModel", "policy", "viewer")}
    | {
        f"Viewer.{name}"
        for name in (
            "children", "consentHistory", "dataExports", "devices", "experiments", "feedback", "friendRequests", "friends", "id",
            "imports", "invitations", "libraries", "listens", "moments", "playlists", "privacy", "profile", "readyPlaylists",
            "recommendationsReceived", "recommendationsSent", "rooms", "shownTo",
        )
    }
)  # fmt: skip

# How many rows a list without `first` is counted as, where not a page's (20): as many as it has, or as it mostly has where
# each row is cheap. Where the field above has `first`, that counts already.
ROWS: Mapping[str, int] = {
    **_each(1, "Blend", "items", "members"),
    **_each(1, "RemovalPreview", "after", "gained", "lost"),
    **_each(2, "BlendItem", "people"),
    **_each(2, "BlendBeneficiary", "because"),
    **_each(3, "Recommendation", "reasons"),
    **_each(1, "Reason", "evidence"),
    **_each(1, "OperationInfo", "messages"),
    **_each(3, "PlaylistPlan", "artists", "friends", "notUnderstood", "tags", "without", "words"),
    **_each(1, "PlanPreview", "tracks"),
    **_each(3, "PlanPreview", "notUsed", "shortfalls"),
    **_each(3, "PlannedTrack", "reasons", "words"),
    **_each(3, "Track", "play"),
    **_each(5, "ModelVersion", "events"),
    **_each(5, "Viewer", "children", "libraries", "segments"),
    **_each(5, "RefusedSegment", "segments"),
    **_each(20, "Viewer", "moments"),
    **_each(20, "MomentsTold", "moments"),
    **_each(8, "Viewer", "engagement"),
    **_each(12, "Query", "engagement"),
    **_each(60, "Query", "deviceFeedback"),
    **_each(30, "EngagementReport", "figures"),
    **_each(1, "RecommendationConnection", "varietyBy"),
    **_each(5, "Playlist", "collaborators"),
    **_each(5, "RadioQueue", "upcoming"),
    **_each(10, "Room", "members", "queue"),
    **_each(6, "Path", "links", "nodes"),
    **_each(6, "Connection", "links", "nodes"),
    **_each(10, "Viewer", "dataExports"),
    **_each(1, "Viewer", "experiments"),
    **_each(5, "Query", "experiments"),
    **_each(10, "Experiment", "reports"),
    **_each(6, "ExperimentReport", "figures"),
    **_each(2, "ExperimentReport", "radio"),
    **_each(12, "PrivacySettings", "purposes"),
    **_each(12, "Child", "purposes"),
    **_each(5, "PurposeConsent", "overrides"),
}
