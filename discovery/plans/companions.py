"""Whom a kept plan is also for goes with the friendship: who befriend again begin anew.

Enters: that a friendship ends. Leaves: nothing of it in the plans of either.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.db.models.signals import post_delete

from accounts.models import Friendship
from discovery.models import PlanCompanion


def connect() -> None:
    """Listen for friendships that end; called once, when the project is ready."""
    post_delete.connect(_ended, sender=Friendship, dispatch_uid="discovery.plans")


def _ended(*, instance: Friendship, **_more: Any) -> None:
    """In the transaction in which it ends, whoever ended it, and by whatever way."""
    low, high = instance.low_id, instance.high_id
    PlanCompanion.objects.filter(Q(plan__user=low, friend=high) | Q(plan__user=high, friend=low)).delete()
