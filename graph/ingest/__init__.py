"""The one way in: what every door (API, play protocols, files) hands over, and what becomes of it."""
