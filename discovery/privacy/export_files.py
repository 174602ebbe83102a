"""The files of an export, and what stands in each. Nothing of another person but what the owner may see now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import ConsentEvent, Friendship, User
from accounts.operator import operator_current
from accounts.policy_text import policy_text_current
from accounts.presentation import Ref, name_of, nodes_shown
from accounts.services.breach import breach_notices
from accounts.services.ledger import event_canonical
from accounts.services.ledger_head import ledger_head_newest
from accounts.services.receipt import receipt_list
from discovery.models import SocialUse
from discovery.privacy import usage
from discovery.privacy.archive import Archive
from discovery.privacy.export_listens import CHUNK, feedback_rows, ids_told, item_told, listen_files
from discovery.privacy.retention import retention_table
from discovery.privacy.stores import STORES, WITHHELD, Store
from discovery.privacy.training_proofs import training_edges
from discovery.recommend import feed
from discovery.segments.services import segments_of
from graph.formats.found import ListedTrack
from graph.formats.jspf import identifiers
from graph.models import (
    ArtistPlayCount,
    Deletion,
    ItemKind,
    ItemRecommendation,
    LibrarySong,
    Playlist,
    Tagging,
    TasteExclusion,
)
from graph.selectors import models_that_saw

# Stores with a file of a shape of their own; every other one is written column by column.
WRITTEN = frozenset(
    {
        "plays", "play_counts", "feedback", "tags", "playlists", "exclusions", "friendships", "blocks", "answers",
        "recommended", "collaborations", "social_use",
        "breach_notices", "library_songs",
    }
)  # fmt: skip


def export_write(archive: Archive, user: User) -> None:
    """Everything that is kept about ``user``, into ``archive``."""
    archive.facts |= {
        "created_at": timezone.now(),
        "subject": user.pseudonym,
        "policy_version": policy_text_current().version,
        "operator": operator_current().as_document(),
        "withheld": dict(WITHHELD),
    }
    archive.document("profile.json", _profile(user))
    archive.chunks("consent/ledger.jsonl", _ledger(user))
    archive.lines("consent/receipts.jsonl", receipt_list(user=user))
    archive.document("training_edges.json", training_edges(user))
    if (head := ledger_head_newest()) is not None:
        archive.document("consent/ledger-head.json", head.document)
    archive.document("user.json", {"user_id": str(user.pseudonym), "username": user.username})
    for name, rows in listen_files(user):
        archive.lines(name, rows)
    archive.lines("play_counts.jsonl", _play_counts(user))
    archive.lines("feedback.jsonl", feedback_rows(user))
    archive.lines("tags.jsonl", _tags(user))
    archive.lines("library_songs.jsonl", _library_songs(user))
    archive.lines("exclusions.jsonl", _exclusions(user))
    for number, playlist in enumerate(
        Playlist.objects.filter(owner=user).order_by("pk").iterator(CHUNK), start=1
    ):
        archive.document(f"playlists/{number:04}.jspf", _jspf(playlist, user))
    archive.lines("friendships.jsonl", _friendships(user))
    archive.lines(
        "blocks.jsonl", ({"blocked_at": block.created_at} for block in user.blocks_given.order_by("pk"))
    )
    archive.lines("recommended.jsonl", _recommended(user))
    archive.lines("collaborations.jsonl", _collaborations(user))
    archive.lines("shown_to.jsonl", _shown_to(user))
    archive.lines("breach_notices.jsonl", (asdict(breach) for breach in breach_notices(user=user)))
    archive.lines(
        "deletions.jsonl",
        (
            {"deleted_at": row.deleted_at, "rows": row.rows}
            for row in Deletion.objects.filter(subject=user.pseudonym).order_by("pk")
        ),
    )
    for store in STORES:
        if store.name not in WRITTEN:
            archive.lines(f"{store.name}.jsonl", _plain(store, user))
    archive.document("inferred_profile.json", _inferred(user))
    archive.document("recommendations.json", _recommendations(user))
    archive.document("models.json", _models(user))
    archive.document("retention.json", _retention(user))
    archive.text("index.html", _index(archive, user))


def _profile(user: User) -> dict[str, Any]:
    names = (
        "username", "display_name", "first_name", "last_name", "email", "external_id", "pseudonym", "level", "level_chosen", "is_minor",
        "date_joined", "last_login", "private_from", "private_until", "private_before", "on_device_since",
    )  # fmt: skip
    guardian = user.guardian.username if user.guardian else None
    return {**{name: getattr(user, name) for name in names}, "guardian": guardian}


def _ledger(user: User) -> Iterator[bytes]:
    """The lines as they are hashed, each with its hash: the chain can be checked from the file alone."""
    for event in ConsentEvent.objects.filter(subject=user.pseudonym).order_by("pk").iterator(CHUNK):
        yield f'{{"event":{event_canonical(event)},"hash":"{event.hash}"}}\n'.encode()


def _play_counts(user: User) -> Iterator[dict[str, Any]]:
    rows = ArtistPlayCount.objects.filter(user=user).select_related("artist").order_by("pk")
    for row in rows.iterator(CHUNK):
        yield {**item_told(None, row.artist), "count": row.count, "source": row.source}


def _tags(user: User) -> Iterator[dict[str, Any]]:
    rows = Tagging.objects.filter(user=user).select_related("track__artist", "artist", "tag").order_by("pk")
    for row in rows.iterator(CHUNK):
        yield {**item_told(row.track, row.artist), "tag": row.tag.name, "tagged_on": row.tagged_on}


def _library_songs(user: User) -> Iterator[dict[str, Any]]:
    rows = LibrarySong.objects.filter(user=user).select_related("naming", "account").order_by("pk")
    for row in rows.iterator(CHUNK):
        yield {
            "library": row.account.name, "song": row.song, "title": row.naming.title, "artist": row.naming.artist_name,
            "album": row.naming.album, "genre": row.genre, "moods": row.moods, "bpm": row.bpm, "year": row.year, "duration_ms": row.duration_ms,
        }  # fmt: skip


def _exclusions(user: User) -> Iterator[dict[str, Any]]:
    """A playlist of somebody else's is named only while the owner of the file may see it."""
    rows = TasteExclusion.objects.filter(user=user).select_related("track__artist", "artist").order_by("pk")
    for row, playlist in _seen(user, rows, lambda row: row.playlist_id and Ref("Playlist", row.playlist_id)):
        thing = (
            {"playlist": playlist and name_of(playlist)}
            if row.playlist_id
            else item_told(row.track, row.artist)
        )
        yield {**thing, "excluded_at": row.excluded_at}


def _jspf(playlist: Playlist, user: User) -> dict[str, Any]:
    entries = playlist.entries.select_related("track__artist").order_by("position", "pk")
    return {
        "playlist": {
            "title": playlist.title,
            "annotation": playlist.description,
            "date": playlist.created_at,
            "track": [
                {
                    "title": entry.track.title, "creator": entry.track.artist.name, "album": entry.track.album,
                    "duration": entry.track.duration_ms,
                    "identifier": identifiers(
                        ListedTrack(title="", artist="", mbid=entry.track.mbid, isrc=entry.track.isrc)
                    ),
                    "extension": {
                        "https://earshot.example/entry": [
                            {
                                **ids_told(entry.track), "added_at": entry.added_at,
                                "added_by_you": entry.added_by_id == user.pk,
                            }
                        ]
                    },
                }
                for entry in entries.iterator(CHUNK)
            ],
        }
    }  # fmt: skip


def _friendships(user: User) -> Iterator[dict[str, Any]]:
    """One's own side: whom, since when, who asked. People out of sight have no handle here."""
    rows = Friendship.objects.filter(Q(low=user) | Q(high=user)).order_by("pk")
    for row, other in _seen(user, rows, lambda row: Ref("Listener", _other(user, row.low_id, row.high_id))):
        yield {
            "with": other and other.username, "state": row.state, "asked_by_you": row.requested_by_id == user.pk,
            "requested_at": row.requested_at, "accepted_at": row.accepted_at,
        }  # fmt: skip


def _recommended(user: User) -> Iterator[dict[str, Any]]:
    """What was said by hand, both ways; with whom, and their notes, while one may see that it was said."""
    rows = ItemRecommendation.objects.filter(Q(sender=user) | Q(recipient=user))
    rows = rows.select_related("track__artist", "artist", "sender", "recipient").order_by("sent_at", "pk")
    for row, visible in _seen(user, rows, lambda row: Ref("ItemRecommendation", row.pk)):
        sent = row.sender_id == user.pk
        other = row.recipient if sent else row.sender
        yield {
            **item_told(row.track, row.artist), "sent": sent, "with": other.username if visible else None,
            "note": row.note if sent or visible else None, "sent_at": row.sent_at,
        }  # fmt: skip


def _collaborations(user: User) -> Iterator[dict[str, Any]]:
    """Friends' playlists, as far as one may see them now."""
    rows = user.collaborations.order_by("pk")
    for row, playlist in _seen(user, rows, lambda row: Ref("Playlist", row.playlist_id)):
        if playlist is not None:
            yield {"playlist": name_of(playlist), "role": row.role, "since": row.since}


def _seen(user: User, rows: QuerySet[Any], of: Callable[[Any], Ref | None]) -> Iterator[tuple[Any, Any]]:
    """Each row with the thing it is about, where the user may see that now; else with None."""
    stream = rows.iterator(CHUNK)
    while batch := list(islice(stream, CHUNK)):
        nodes = nodes_shown(user, filter(None, map(of, batch)))
        yield from ((row, nodes.get(ref) if (ref := of(row)) else None) for row in batch)


def _other(user: User, *ends: int) -> int:
    """Of two ends, the one that is not the user."""
    return ends[1] if ends[0] == user.pk else ends[0]


def _plain(store: Store, user: User) -> Iterator[dict[str, Any]]:
    """A row's own columns, without keys (they count rows of everybody up) and what is withheld."""
    names = [
        field.name
        for field in store.model._meta.concrete_fields  # noqa: SLF001
        if not (field.is_relation or field.primary_key) and str(field) not in WITHHELD
    ]
    yield from store.rows(user).order_by("pk").values(*names).iterator(CHUNK)


def _shown_to(user: User) -> Iterator[dict[str, Any]]:
    rows = SocialUse.objects.filter(source=user).order_by("day", "pk")
    for row, friend in _seen(user, rows, lambda row: Ref("Listener", row.recipient_id)):
        yield {
            "day": row.day, "friend": friend and friend.username, "named": row.named,
            "item_kind": row.item_kind, "item": row.item_id or None,
        }  # fmt: skip


def _inferred(user: User) -> dict[str, Any]:
    return {
        "stored": None,
        "note": "No profile of you is stored. What is permitted is added up anew for each answer, from the files here.",
        "taken_for_now": [
            {"segment": segment.kind, "figure": segment.figure} for segment in segments_of(user).judged
        ],
    }


def _recommendations(user: User) -> dict[str, Any]:
    """No log of answers is kept; these are the answers of now."""
    answers = {kind: feed.for_you(user, kind, count=20, looked_at=False).answer for kind in ItemKind}
    return {
        "note": "Answers are not kept. These are the ones of the moment this file was written.",
        **{
            kind.value: {
                "model": answer.model_version.pk if answer.model_version else None,
                "level": answer.level.name,
                "items": [
                    {
                        "item": name_of(shown.item), "score": shown.score, "remainder": shown.remainder,
                        "reasons": [
                            {"text": reason.text, "share": reason.cited.share} for reason in shown.reasons
                        ],
                    }
                    for shown in answer.items
                ],
            }
            for kind, answer in answers.items()
        },
    }  # fmt: skip


def _models(user: User) -> list[dict[str, Any]]:
    return [
        {
            "id": version.pk,
            "state": version.state,
            "trained_at": version.created_at,
            "data_hash": version.data_hash,
        }
        for version in models_that_saw(user)
    ]


def _retention(user: User) -> list[dict[str, Any]]:
    counts = {held.name: held.count for held in usage.held(user)}
    return [
        {"what": kept.name, "why": kept.what, "permission": kept.purpose, "rows": counts.get(kept.name),
         "kept": "until you delete it or your account" if kept.days is None else f"{kept.days or 'less than one'} days",
         "since": kept.since}
        for kept in retention_table()
    ]  # fmt: skip


def _index(archive: Archive, user: User) -> str:
    files = [{"name": name, **facts} for name, facts in sorted(archive.files.items())]
    return render_to_string(
        "discovery/export_index.html",
        {"person": user, "files": files, "withheld": WITHHELD, "operator": operator_current()},
    )
