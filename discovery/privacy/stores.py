"""Everything that is kept about a person, with the reason why. What is held, exported and erased is read off this list.

A test walks every model field with a user key: one that stands in no `Store` fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db.models import Model, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import policies
from accounts.breaches import BreachConcern
from accounts.invitations import Guest, Invitation
from accounts.models import Block, Consent, Device, Friendship, Purpose, RepeatableCall, User
from discovery.models import (
    DeviceReport,
    ExposedItem,
    Exposure,
    Moment,
    PlaylistPlanKept,
    RadioChoice,
    ReadyPlaylists,
    RoomMember,
    RoomVote,
    SegmentRefusal,
    SocialUse,
)
from graph.models import (
    ArtistPlayCount,
    DeletedPlay,
    Feedback,
    FriendNews,
    History,
    HistoryRow,
    ItemRecommendation,
    LibraryAccount,
    LibrarySong,
    Listen,
    Playlist,
    PlaylistCollaborator,
    Tagging,
    TasteExclusion,
)


@dataclass(frozen=True)
class Store:
    """One kind of rows about a person, found through these ``fields`` of ``model``."""

    name: str
    model: type[Model]
    fields: tuple[str, ...]
    why: Promise
    purpose: Purpose | None  # the permission it rests on; None: needed for what the person asked for
    used_for: tuple[Purpose, ...] = ()  # where it enters, each only when granted
    time: str | None = None  # the column that says when; how long it is kept stands in `retention`

    def rows(self, user: User) -> QuerySet[Model]:
        """This person's rows."""
        mine = Q()
        for field in self.fields:
            mine |= Q(**{field: user})
        rows: QuerySet[Model] = self.model._default_manager.filter(mine)  # noqa: SLF001  # Django documents it
        return rows


LISTENING = (Purpose.SELF, Purpose.SOCIAL_OUT, Purpose.CONTRIBUTE)

STORES: tuple[Store, ...] = (
    Store("plays", Listen, ("user",), _("Plays your apps reported."), Purpose.RECORD, LISTENING, "listened_at"),
    Store(
        "play_counts", ArtistPlayCount, ("user",),
        _("How often you played an artist, as an import told."), Purpose.RECORD, LISTENING,
    ),
    Store(
        "deleted_plays", DeletedPlay, ("user",),
        _("That you deleted plays, as digests: so that no app and no import brings them back."), None,
    ),
    Store("feedback", Feedback, ("user",), _("Likes, dislikes, skips and what you hid."), None,
          (Purpose.SELF, Purpose.CONTRIBUTE), "given_at"),
    Store("tags", Tagging, ("user",), _("Words you gave to music."), None, (Purpose.CONTRIBUTE,), "tagged_on"),
    Store("playlists", Playlist, ("owner",), _("Your playlists."), None, (), "created_at"),
    Store("playlist_plans", PlaylistPlanKept, ("user",), _("What you asked for where a playlist was made of words."), None, (), "refreshed_at"),
    Store("exclusions", TasteExclusion, ("user",), _("What you left out of your taste."), None, (), "excluded_at"),
    Store("segment_refusals", SegmentRefusal, ("user",), _("What kinds of listener you do not want to be taken for."), None, (),
          "refused_at"),
    Store("friendships", Friendship, ("low", "high", "requested_by"), _("Whom you know, and who asked."), None,
          (Purpose.SOCIAL_IN, Purpose.SOCIAL_OUT, Purpose.DISCOVERABLE), "requested_at"),
    Store("blocks", Block, ("blocker",), _("Whom you blocked."), None, (), "created_at"),
    Store("devices", Device, ("user",), _("What you are signed in with: browsers, tokens and apps."), None, (), "created_on"),
    Store("email_addresses", EmailAddress, ("user",), _("Your e-mail addresses, and whether they were shown to be yours."), None),
    Store("second_factors", Authenticator, ("user",), _("Your authenticator app, passkeys and recovery codes."), None, (), "created_at"),
    Store("invitations", Invitation, ("made_by",), _("Links by which you invite people."), None, (), "expires_at"),
    Store("guests", Guest, ("user",), _("That you signed up by such a link, until your address was shown to be yours."), None),
    Store("answers", Consent, ("user",), _("What you allow now, by purpose."), None, (), "changed_at"),
    Store(
        "recommended", ItemRecommendation, ("sender", "recipient"),
        _("What you recommended to friends by hand, and they to you."), None, (), "sent_at",
    ),
    Store("collaborations", PlaylistCollaborator, ("user",), _("Friends' playlists you may see or change."), None),
    Store("social_use", SocialUse, ("source",), _("To whom you were shown, and why."),
          Purpose.SOCIAL_OUT, (), "day"),
    Store("radio_choices", RadioChoice, ("user",), _("What the radio chose for you, how likely, and what came of it."),
          Purpose.EXPERIMENT, (Purpose.EXPERIMENT,), "chosen_at"),
    Store("exposures", Exposure, ("user",), _("On which days your recommendations were part of an experiment."),
          Purpose.EXPERIMENT, (Purpose.EXPERIMENT,), "shown_at"),
    Store("exposed_items", ExposedItem, ("user",), _("Which side of an experiment brought what you were recommended."),
          Purpose.EXPERIMENT, (Purpose.EXPERIMENT,), "shown_at"),
    Store("device_reports", DeviceReport, ("user",), _("On which day a device of yours reported in private aggregates; not what it said."),
          Purpose.FEEDBACK, (), "day"),
    Store("breach_notices", BreachConcern, ("user",), _("Breaches that concern you, as you were told of them."), None),
    Store("imports", History, ("user",), _("Files of your listening that you handed in, and how many of their rows became what."),
          None, (), "asked_at"),
    Store("import_rows", HistoryRow, ("user",), _("Which rows of such a file were not stored, and why; not what stood in them."), None),
    Store("news", FriendNews, ("user",), _("That your friends are about to hear of a play or a like, without what it was."),
          Purpose.SOCIAL_OUT, (Purpose.NAMED,), "made_at"),
    Store("libraries", LibraryAccount, ("user",), _("Music servers that you connected; your password there is not shown."), None, (), "read_at"),
    Store("library_songs", LibrarySong, ("user",), _("What these servers hold: nobody else learns what you have."), None,
          (Purpose.SELF,)),
    Store("moments", Moment, ("user",), _("Moments that your devices told, until they are over: a word, and when."), None,
          policies.OCCASIONS, "starts_at"),
    Store("ready_playlists", ReadyPlaylists, ("user",), _("That you want a playlist ready for such moments."), None),
    Store("rooms", RoomMember, ("user",), _("Rooms you are in or invited to; gone when you leave."), None, (), "joined_at"),
    Store("repeats", RepeatableCall, ("user",), _("Which calls of your apps may not be done twice, as digests."), None, (), "day"),
    Store("room_words", RoomVote, ("user",), _("Your votes and vetoes in rooms; gone when you leave."), None, (), "said_at"),
)  # fmt: skip

# Fields with a user key that are not the person's own to see, and why.
WITHHELD: Mapping[str, str] = {
    "accounts.User.guardian": "who answers for you stands in profile.json; whom you answer for is theirs",
    "accounts.Consent.friend": "another person's answer about you is that person's",
    "accounts.NameStart.person": "beginnings of your handle and your name, which stand in profile.json; they go with your account",
    "accounts.RepeatableCall.key": "a digest of a word that only your app knows",
    "accounts.RepeatableCall.said": "a digest of what your app asked for, which stands where it was done",
    "accounts.RepeatableCall.answer": "the key of what came of it, which stands where it is kept",
    "accounts.Device.session_digest": "a credential, of which only your browser holds the secret",
    "accounts.Device.player_secret": "a credential, of which only your player holds the secret",
    "accounts.Invitation.digest": "a credential, of which only you were told the secret",
    "mfa.Authenticator.data": "a credential, of which only your app or key holds the secret",
    "accounts.Block.blocked": "who blocked you is known to those who did",
    "graph.LibraryAccount.secret": "a credential, which only your music server takes",
    "graph.LibraryAccount.version": "a random number, by which arrays in memory are known to be of now",
    "discovery.SocialUse.recipient": "which friends shaped an answer stands in its reasons, where they may be named",
    "discovery.RadioChoice.marks": "which friends were heard stands in the reasons, where they may be named",
    "discovery.RoomMember.invited_by": "whether somebody you invited came stands among what is kept about them",
    "discovery.PlanCompanion.friend": "whom a friend's playlist is also for is that friend's; it goes with you",
    "graph.PlaylistEntry.added_by": "exported with the playlist, as whether it was you",
    "oauth2_provider.AccessToken.user": "a credential, of which only you hold the secret",
    "oauth2_provider.RefreshToken.user": "a credential, of which only you hold the secret",
    "oauth2_provider.DeviceGrant.user": "a credential, of which only you hold the secret",
    "oauth2_provider.Grant.user": "a credential, of which only you hold the secret",
    "oauth2_provider.IDToken.user": "a credential, of which only you hold the secret",
    "oauth2_provider.Application.user": "a registered app is the operator's",
    "admin.LogEntry.user": "what staff did as staff is the operator's",
    "accounts.User_groups.user": "rights of staff are the operator's",
    "accounts.User_user_permissions.user": "rights of staff are the operator's",
}
