"""What is written of music and listening. Each action is one transaction."""
