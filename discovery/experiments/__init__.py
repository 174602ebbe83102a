"""Two ways to recommend, compared among those who agreed to it: drawn, shown, noted, and reported at fixed times."""
