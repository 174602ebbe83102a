"""What other rooms may listen to. Sent after the commit, and only for cleaning up: no answer is right because of it."""

from django.dispatch import Signal

# Sent with ``user_ids`` (frozenset[int]): what these people allow, or whom they know, changed.
consent_changed = Signal()
