"""Moments that people's devices tell: a word and a time go in, what is coming comes out. No calendar and no place comes here."""
