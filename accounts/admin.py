"""People and the ledger for the people who run the installation. Consent is read here and never set."""

from typing import ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from accounts.models import Block, Consent, ConsentEvent, Friendship, User


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # of any model
    """What only services change."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(User)
class ListenerAdmin(UserAdmin[User]):
    list_display = ("username", "display_name", "is_active", "is_staff")
    search_fields = ("username", "display_name", "external_id")
    readonly_fields = ("pseudonym", "external_id", "level", "consent_epoch")
    fieldsets = (
        *(UserAdmin.fieldsets or ()),
        ("Listener", {"fields": ("display_name", "external_id", "pseudonym", "level", "consent_epoch")}),
    )


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    list_display = ("user", "purpose", "friend", "state", "valid_until", "policy_version", "changed_at")
    list_filter = ("purpose", "state")
    list_select_related: ClassVar[tuple[str, ...]] = ("user", "friend")


@admin.register(ConsentEvent)
class ConsentEventAdmin(ReadOnlyAdmin):
    list_display = ("occurred_at", "subject", "purpose", "prior_state", "new_state", "actor", "channel")
    list_filter = ("purpose", "new_state", "actor")
    search_fields = ("subject",)


@admin.register(Friendship)
class FriendshipAdmin(ReadOnlyAdmin):
    list_display = ("low", "high", "state", "requested_at", "accepted_at")
    list_filter = ("state",)
    list_select_related: ClassVar[tuple[str, ...]] = ("low", "high")


@admin.register(Block)
class BlockAdmin(ReadOnlyAdmin):
    list_display = ("blocker", "blocked", "created_at")
    list_select_related: ClassVar[tuple[str, ...]] = ("blocker", "blocked")
