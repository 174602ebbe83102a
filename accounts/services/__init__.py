"""What people do: allow, withdraw, befriend, block. Each action is one transaction."""
