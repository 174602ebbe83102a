"""Music as a graph: catalog, listening, playlists, and the models trained on them."""

from graph.models.catalog import Artist, ItemKind, Standing, Tag, Tagging, Track, item_column
from graph.models.communities import Community
from graph.models.deletions import Deletion
from graph.models.exclusions import TasteExclusion, counted, holding
from graph.models.history import History, HistoryRow, HistoryWord
from graph.models.listening import HEARD, LIKE_AS_PLAYS, ArtistPlayCount, Feedback, FeedbackKind, Listen
from graph.models.playlists import Playlist, PlaylistCollaborator, PlaylistEntry
from graph.models.sharing import ItemRecommendation
from graph.models.training import ModelVersion, TrainingRun

__all__ = [
    "HEARD",
    "LIKE_AS_PLAYS",
    "Artist",
    "ArtistPlayCount",
    "Community",
    "Deletion",
    "Feedback",
    "FeedbackKind",
    "History",
    "HistoryRow",
    "HistoryWord",
    "ItemKind",
    "ItemRecommendation",
    "Listen",
    "ModelVersion",
    "Playlist",
    "PlaylistCollaborator",
    "PlaylistEntry",
    "Standing",
    "Tag",
    "Tagging",
    "TasteExclusion",
    "Track",
    "TrainingRun",
    "counted",
    "holding",
    "item_column",
]
