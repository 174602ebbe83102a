"""Radio: one item after the other, by the same sum, learning from each before the next."""
