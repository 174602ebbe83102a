"""Music as a graph: catalog, listening, playlists, and the models trained on them."""

from graph.models.catalog import (
    Artist,
    ArtistName,
    ItemKind,
    Naming,
    NamingArtist,
    Standing,
    Tag,
    Tagging,
    Track,
    TrackGuest,
    item_column,
)
from graph.models.communities import Community
from graph.models.deletions import DeletedPlay, Deletion
from graph.models.exchange import Bundle
from graph.models.exclusions import TasteExclusion, counted, holding
from graph.models.history import History, HistoryCorrection, HistoryRow, HistoryWord
from graph.models.library import LibraryAccount, LibrarySong
from graph.models.listening import HEARD, LIKE_AS_PLAYS, ArtistPlayCount, Feedback, FeedbackKind, Listen
from graph.models.outbox import FriendNews
from graph.models.playlists import Playlist, PlaylistCollaborator, PlaylistEntry
from graph.models.rulings import CatalogRuling
from graph.models.sharing import ItemRecommendation
from graph.models.training import ModelEvent, ModelVersion, TrainingRun

__all__ = [
    "HEARD",
    "LIKE_AS_PLAYS",
    "Artist",
    "ArtistName",
    "ArtistPlayCount",
    "Bundle",
    "CatalogRuling",
    "Community",
    "DeletedPlay",
    "Deletion",
    "Feedback",
    "FeedbackKind",
    "FriendNews",
    "History",
    "HistoryCorrection",
    "HistoryRow",
    "HistoryWord",
    "ItemKind",
    "ItemRecommendation",
    "LibraryAccount",
    "LibrarySong",
    "Listen",
    "ModelEvent",
    "ModelVersion",
    "Naming",
    "NamingArtist",
    "Playlist",
    "PlaylistCollaborator",
    "PlaylistEntry",
    "Standing",
    "Tag",
    "Tagging",
    "TasteExclusion",
    "Track",
    "TrackGuest",
    "TrainingRun",
    "counted",
    "holding",
    "item_column",
]
