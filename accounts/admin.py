"""People and the ledger for the people who run the installation. Consent is read here and never set."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from accounts.models import Block, Consent, ConsentEvent, Friendship, User
from accounts.services.guardianship import minor_grown_up, minor_mark
from discovery.platform.errors import InvalidInput


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
        ("Minors", {"fields": ("is_minor", "guardian")}),
    )
    raw_id_fields = ("guardian",)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # Django's
        """Who is a minor, and who answers for them, changes by the service alone: it takes back what it must."""
        minor, guardian = obj.is_minor, obj.guardian
        stored = User.objects.filter(pk=obj.pk).first()
        obj.is_minor = stored.is_minor if stored else False
        obj.guardian = stored.guardian if stored else None
        super().save_model(request, obj, form, change)
        try:
            if minor:
                minor_mark(user=obj, guardian=guardian)
            else:
                minor_grown_up(user=obj)
        except InvalidInput as error:
            messages.error(request, error.message)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """An account ends by its erasure, which leaves nothing behind and is kept account of."""
        return False


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
