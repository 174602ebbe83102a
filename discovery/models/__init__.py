"""What is kept about showing things to people, one file a room. They stay in one package for the app's label."""

from discovery.models.device import DeviceReport, DeviceTally
from discovery.models.disclosure import SocialUse
from discovery.models.engagement import EngagementFigure, EngagementReport
from discovery.models.experiments import (
    Experiment,
    ExperimentKind,
    ExperimentReport,
    ExposedItem,
    Exposure,
    StopReason,
    Team,
)
from discovery.models.moments import Moment, MomentLabel, OccasionPurpose, ReadyPlaylists
from discovery.models.plans import PlanCompanion, PlaylistPlanKept
from discovery.models.privacy import DataExport, Erasure
from discovery.models.radio import RadioChoice
from discovery.models.room import Room, RoomMember, RoomPlay, RoomVote
from discovery.models.segments import SegmentRefusal

__all__ = [
    "DataExport",
    "DeviceReport",
    "DeviceTally",
    "EngagementFigure",
    "EngagementReport",
    "Erasure",
    "Experiment",
    "ExperimentKind",
    "ExperimentReport",
    "ExposedItem",
    "Exposure",
    "Moment",
    "MomentLabel",
    "OccasionPurpose",
    "PlanCompanion",
    "PlaylistPlanKept",
    "RadioChoice",
    "ReadyPlaylists",
    "Room",
    "RoomMember",
    "RoomPlay",
    "RoomVote",
    "SegmentRefusal",
    "SocialUse",
    "StopReason",
    "Team",
]
