"""Which notes of discovery's own a viewer may see: what `accounts.presentation` asks."""

from datetime import datetime

from django.db.models import Q

from accounts import presentation
from accounts.conditions import Viewer, active_user
from accounts.policies import NOBODY, sees
from accounts.presentation import Kind
from discovery.models import SocialUse


def register() -> None:
    """Called once, when the app is ready."""
    presentation.register(Kind("SocialUse", SocialUse, _use_visible))
    presentation.carry(
        "SocialUse", "recipient", "a use is visible only while its source may see its recipient"
    )


def _use_visible(viewer: Viewer, now: datetime | None = None) -> Q:
    """To whom one was shown, of those whom one may see."""
    somebody = active_user(viewer)
    return NOBODY if somebody is None else Q(sees(somebody, "recipient"), source=somebody)
