"""Whatever points at a track or an artist goes with it where two turn out to be one. A new column that may hold a key fails here."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import models
from django.utils import timezone

from accounts.intake import restoring
from discovery.models import RadioChoice, Room, RoomPlay, RoomVote, SocialUse
from graph.ingest.incoming import IncomingPlay
from graph.ingest.join import rows_move
from graph.ingest.record import plays_ingest
from graph.ingest.references import PLACED, references, registered
from graph.models import (
    Artist,
    Feedback,
    ItemKind,
    Listen,
    Naming,
    Playlist,
    PlaylistEntry,
    TasteExclusion,
    Track,
)
from graph.services.feedback import feedback_give
from graph.services.standing import catalog_sweep
from tests import factories

ROOMS = {"accounts", "discovery", "graph"}
M = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"

# Columns without a foreign key that could hold the key of an item, and hold none, or one that is not to move.
NOT_MOVED = {
    "graph.Community.artists": "found anew with every model, in which the artists are what they are then",
    "graph.Community.tags": "words", "graph.Artist.tags": "words", "graph.Track.tags": "words", "graph.LibrarySong.moods": "words",
    "graph.Community.ledger_position": "a place in the ledger", "graph.ModelVersion.ledger_position": "the same",
    "graph.ModelVersion.deletion_position": "a place among deletions", "discovery.Erasure.ledger_position": "a place in the ledger",
    "graph.ModelVersion.config": "numbers of a training", "graph.ModelVersion.metrics": "numbers of a training",
    "graph.TrainingRun.fence": "a number of a claim",
    "graph.LibraryAccount.version": "a random number",
    "graph.FriendNews.listens": "keys of plays", "graph.FriendNews.likes": "keys of words said",
    "graph.DeletedPlay.told": "a digest", "graph.DeletedPlay.near": "a digest", "graph.DeletedPlay.source": "a digest",
    "graph.History.bytes_done": "bytes", "graph.History.bytes_total": "bytes",
    "graph.HistoryCorrection.before": "words; the track of a play without words has a column of its own",
    "graph.CatalogRuling.one": "rows of the operator's catalog, which are never given up",
    "graph.CatalogRuling.other": "the same",
    "discovery.RadioChoice.features": "numbers", "discovery.RadioChoice.marks": "marks of people",
    "discovery.Experiment.arm_a": "numbers", "discovery.Experiment.arm_b": "numbers", "discovery.ExperimentReport.figures": "numbers",
    "discovery.Room.now_marks": "marks of people",
    "discovery.DataExport.size": "bytes", "discovery.Erasure.deleted": "how many rows", "discovery.Erasure.clean_model": "a model",
    "discovery.Erasure.receipt": "a receipt",
}  # fmt: skip


def columns():
    """Foreign keys to tracks and artists; and what could hold the key of one: large numbers, and JSON."""
    pointing, suspected = set(), set()
    for model in apps.get_models():
        if model._meta.app_label not in ROOMS:
            continue
        for field in model._meta.get_fields():
            label = f"{model._meta.label}.{field.name}"
            if not field.concrete or field.primary_key:
                continue
            if field.is_relation:
                if field.related_model in PLACED:
                    pointing.add((label, model, field))
            elif isinstance(
                field, models.BigIntegerField | models.PositiveBigIntegerField | models.JSONField
            ) or field.name.endswith("_id"):
                suspected.add(label)
    return pointing, suspected


def test_every_column_that_points_at_an_item_goes_along_or_says_why_not():
    pointing, suspected = columns()
    for label, model, field in pointing:
        moved = {(each.model, each.column) for each in references(field.related_model)}
        assert (model, field.name) in moved or model in PLACED[field.related_model], label
    people = {label for label in suspected if label.startswith("accounts.")}  # that room knows no music
    texts = {"graph.CatalogRuling.one", "graph.CatalogRuling.other"}
    known = registered() | NOT_MOVED.keys() | EXTERNAL
    assert suspected - people - known == set()
    assert known - suspected - texts == set()


EXTERNAL = {"graph.Artist.external_id", "graph.Track.external_id", "graph.Listen.source_id"}  # others' ids


def test_it_fails_for_a_column_that_is_in_no_list(monkeypatch):
    monkeypatch.delitem(NOT_MOVED, "graph.DeletedPlay.near")
    with pytest.raises(AssertionError, match=r"graph\.DeletedPlay\.near"):
        test_every_column_that_points_at_an_item_goes_along_or_says_why_not()


def choice(user, item):
    return RadioChoice(
        user=user, radio=uuid4().hex, step=0, item_kind=kind_of(item), item_id=item.pk, source=0, propensity=1.0,
        arm_propensity=1.0, features=[],
    )  # fmt: skip


def kind_of(item):
    return ItemKind.TRACK if isinstance(item, Track) else ItemKind.ARTIST


@pytest.mark.django_db
@pytest.mark.sqlite
@pytest.mark.parametrize("make", [factories.track, factories.artist])
def test_what_was_said_noted_and_played_of_one_is_of_the_other(make):
    """Of its own kind alone: the artist of the same key keeps what is its."""
    ada, ben = factories.listener(), factories.listener()
    old, new = make("Old"), make("New")
    other_kind = ItemKind.ARTIST if kind_of(old) is ItemKind.TRACK else ItemKind.TRACK
    room, foreign = (Room.objects.create(kind=kind, now_id=old.pk) for kind in (kind_of(old), other_kind))
    use = {"source": ada, "recipient": ben, "day": timezone.now().date(), "named": True}
    with restoring():
        kept = choice(ada, old)
        kept.save()
        for item in (old, new):  # said of both: one word is left
            RoomVote.objects.create(room=room, user=ada, item_id=item.pk, kind="VOTE")
            SocialUse.objects.create(**use, item_kind=kind_of(old), item_id=item.pk)
            Feedback.objects.create(user=ada, kind="LIKE", given_at=timezone.now(), **place(item))
        RoomVote.objects.create(room=foreign, user=ada, item_id=old.pk, kind="VOTE")
        SocialUse.objects.create(**use, item_kind=other_kind, item_id=old.pk)
        TasteExclusion.objects.create(user=ada, **place(old))
    RoomPlay.objects.create(room=room, step=0, item_id=old.pk, outcome="PLAYED")
    rows_move(type(old), old.pk, new.pk)
    kept.refresh_from_db()
    assert kept.item_id == new.pk
    assert [*Room.objects.order_by("pk").values_list("now_id", flat=True)] == [new.pk, old.pk]
    assert {*RoomVote.objects.values_list("room", "item_id")} == {(room.pk, new.pk), (foreign.pk, old.pk)}
    assert {*SocialUse.objects.values_list("item_kind", "item_id")} == {
        (kind_of(old), new.pk),
        (other_kind, old.pk),
    }
    assert RoomPlay.objects.get().item_id == new.pk
    assert [Feedback.objects.get().track or Feedback.objects.get().artist] == [new]
    assert TasteExclusion.objects.get().thing == new


def place(item):
    return {"track" if isinstance(item, Track) else "artist": item}


def tell(user, **words):
    moment = timezone.now() - timedelta(hours=3)
    play = IncomingPlay(
        source="app",
        source_id=uuid4().hex,
        listened_at=moment,
        **{"title": "Ember", "artist": "Nadir Vale", **words},
    )
    (verdict,) = plays_ingest(user=user, plays=[play])
    return Listen.objects.select_related("track__artist").get(pk=verdict.listen_id)


@pytest.mark.django_db
@pytest.mark.sqlite
@pytest.mark.parametrize("later", [{"mbid": M}, {"isrc": "GBAYE0000351"}, {"mbid": M, "album": "North"}, {}])
def test_what_was_liked_and_listed_before_any_play_is_of_the_track_that_is_played_then(later):
    """Also where the clock took the words away that it was named by."""
    ada = factories.sharer("ada")
    named = tell(ada)
    track = named.track
    feedback_give(user=ada, item=track, kind="LIKE")
    feedback_give(user=ada, item=track.artist, kind="LIKE")
    with restoring():
        listed = Playlist.objects.create(owner=ada, title="Mine")
        PlaylistEntry.objects.create(playlist=listed, track=track, position=0, added_by=ada)
        named.delete()
    catalog_sweep()
    assert not Naming.objects.exists()
    assert Track.objects.get() == track
    artist_mbids = [M.replace("8", "9")] if later else None
    played = tell(ada, artist_mbids=artist_mbids, **later).track
    assert Track.objects.get() == played
    assert Artist.objects.get() == played.artist
    assert {Feedback.objects.get(track__isnull=False).track, PlaylistEntry.objects.get().track} == {played}
    assert Feedback.objects.get(artist__isnull=False).artist == played.artist


@pytest.mark.django_db
@pytest.mark.sqlite
def test_it_stays_where_it_is_not_clear_which_is_meant():
    ada, other = factories.sharer("ada"), M.replace("8", "9")
    played = {tell(ada, mbid=mbid).track for mbid in (M, other)}
    named = tell(ada)
    feedback_give(user=ada, item=named.track, kind="LIKE")
    with restoring():
        named.delete()
    catalog_sweep()
    assert tell(ada, mbid=other, album="South").track in played
    assert Feedback.objects.get().track == named.track
    assert {*Track.objects.all()} == {*played, named.track}
