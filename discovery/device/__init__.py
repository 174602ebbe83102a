"""What a listener's own device needs to rank by itself: the model's pack, the same for everybody, and how it is kept to there."""
