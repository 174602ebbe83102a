"""What the frame around every page says: the shield's level, and whom one may ask."""

from typing import Any

from django.http import HttpRequest

from accounts.models import User
from accounts.operator import operator_current
from discovery.web.words import LEVELS


def shield(request: HttpRequest) -> dict[str, Any]:
    """The levels, and the one in effect; where it is one that no slider has, the nearest below."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    chosen = max((one.level for one in LEVELS if one.level <= user.level), default=LEVELS[0].level)
    return {"shield_levels": LEVELS, "shield_level": chosen}


def contact(_request: HttpRequest) -> dict[str, Any]:
    """How the operator is reached; None where they have not said it."""
    return {"operator_contact": operator_current().contact}
