"""Pictures for what has none: two letters over a few shapes, in the colors of the pages. The same each time."""

from __future__ import annotations

from html import escape

from discovery.platform.covers import cover_told

# Pairs of the pages' sheet: ground, shape, letters.
PALETTE = (
    ("#0d6660", "#12857c", "#f6f3ec"),
    ("#17312e", "#0d6660", "#e0efeb"),
    ("#e0efeb", "#b9dcd5", "#0d4a45"),
    ("#8f4a14", "#b0652a", "#f8e9d6"),
    ("#f8e9d6", "#ecd2b0", "#6f3a10"),
    ("#35271a", "#5b3f24", "#f0b27a"),
    ("#3f4c50", "#556064", "#f6f3ec"),
    ("#e2dccf", "#cfc7b4", "#1c2426"),
)


def cover_svg(word: str) -> bytes:
    """The picture behind an address. Raises ValueError for a word that was not sealed here."""
    colors, seed, letters = cover_told(word)
    ground, shape, ink = PALETTE[colors % len(PALETTE)]
    across, down, size = 20 + seed // 8 % 60, 20 + seed // 512 % 60, 28 + seed // 32_768 % 30
    turn = seed // 1_048_576 % 180
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" role="img">'
        f'<rect width="100" height="100" fill="{ground}"/>'
        f'<circle cx="{across}" cy="{down}" r="{size}" fill="{shape}"/>'
        f'<rect x="-20" y="64" width="140" height="14" fill="{shape}" transform="rotate({turn} 50 50)"/>'
        f'<text x="50" y="50" fill="{ink}" font-family="sans-serif" font-size="38" font-weight="700" '
        f'text-anchor="middle" dominant-baseline="central">{escape(letters)}</text></svg>'
    ).encode()
