"""What the operator says of who is who, where the words of plays do not tell."""

from __future__ import annotations

from django.db import models

from discovery.platform.names import KEY_LENGTH
from graph.models.catalog import IDENTITY_LENGTH, ItemKind


class CatalogRuling(models.Model):
    """That two identities are one, or that some words do not mean what they seem to.

    ``one`` and ``other`` are what a claim goes by (`graph.ingest.identity`): "mbid:…", "isrc:…", "uri:…", "name:…", "row:…" of the
    operator's catalog, "words:…". Which track or artist follows from all words and all rulings that are not taken back.
    """

    class Kind(models.TextChoices):
        SAME = "SAME", "are one"
        APART = "APART", "are two"

    of = models.CharField(max_length=6, choices=ItemKind.choices)
    kind = models.CharField(max_length=5, choices=Kind.choices)
    one = models.CharField(max_length=IDENTITY_LENGTH)
    one_name = models.CharField(
        max_length=KEY_LENGTH, blank=True
    )  # where it is a name: by what its words are found
    other = models.CharField(max_length=IDENTITY_LENGTH)
    other_name = models.CharField(max_length=KEY_LENGTH, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.one} {'=' if self.kind == self.Kind.SAME else '≠'} {self.other}"
