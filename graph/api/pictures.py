"""What pictures that are drawn here show, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from graph.words.lists import Feeling

_CLEAR = 0.25  # a feeling that is nearer to the middle is not named


def cover_words(feeling: Feeling | None) -> str:
    """What a playlist's picture shows."""
    if feeling is None:
        return _("Two letters over plain shapes")
    color = (
        _("amber, for happy")
        if feeling.valence > _CLEAR
        else _("blue, for sad")
        if feeling.valence < -_CLEAR
        else _("green")
    )
    shapes = (
        _("many small corners, for lively")
        if feeling.energy > _CLEAR
        else _("a few large circles, for calm")
        if feeling.energy < -_CLEAR
        else _("shapes")
    )
    return _("Two letters over %(shapes)s, in %(color)s") % {"shapes": shapes, "color": color}
