"""What a process hears from the others while somebody listens."""
