"""Data sets of others. Files come in and are trusted in nothing; rows and a report go out."""
