"""What the background doors listen to. Nothing is right because a message arrives: the clock finds the same work."""

from django.dispatch import Signal

# Sent after the commit with ``key`` (str).
export_requested = Signal()
erasure_requested = Signal()

# Sent with ``user`` while a person's rows are deleted, in that transaction: whoever keeps something of them
# outside the database deletes it now. May be sent again.
person_purging = Signal()
