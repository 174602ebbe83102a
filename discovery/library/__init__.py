"""Music servers that listeners connect: what is in them, where it is heard, and playlists handed to them."""
