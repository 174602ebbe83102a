"""Several people, one live queue: ranked for all of them by the sum, and steered by what they say."""
