"""Music between people: blends, taste matches, paths, what friends play, communities of taste."""
