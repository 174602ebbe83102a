"""What kinds of listener somebody is taken for, by their own behavior alone, what that changes, and how to refuse it."""
