"""Music for the people who run the installation. Nobody's listening is shown here."""

from django.contrib import admin

from accounts.admin import ReadOnlyAdmin
from graph.models import Artist, ModelVersion, Tag, Track, TrainingRun


@admin.register(Artist)
class ArtistAdmin(admin.ModelAdmin[Artist]):
    list_display = ("name", "mbid", "external_id")
    search_fields = ("key",)


@admin.register(Track)
class TrackAdmin(admin.ModelAdmin[Track]):
    list_display = ("title", "artist", "album", "mbid", "isrc")
    list_select_related = ("artist",)
    search_fields = ("key",)
    autocomplete_fields = ("artist",)


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin[Tag]):
    list_display = ("name", "kind")
    list_filter = ("kind",)
    search_fields = ("name",)


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    list_display = ("id", "state", "created_at", "activated_at", "ledger_position", "rejected_because")
    list_filter = ("state",)


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnlyAdmin):
    list_display = ("key", "state", "step", "progress", "started_at", "ended_at", "error")
    list_filter = ("state",)
