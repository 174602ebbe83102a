"""Pictures for what has none: two letters over a few shapes, in the colors of the pages or of a feeling. The same each time."""

from __future__ import annotations

from hashlib import blake2b
from html import escape

from discovery.platform.covers import Told, cover_told

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
SAD, MIDDLE, HAPPY = 235, 175, 38  # degrees of color; the middle is the pages' own
FEWEST, MOST = 2, 10  # shapes


def cover_svg(word: str) -> bytes:
    """The picture behind an address. Raises ValueError for a word that was not sealed here."""
    told = cover_told(word)
    drawn, ink = _plain(told) if told.feeling is None else _felt(told, *told.feeling)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" role="img">'
        f"{drawn}"
        f'<text x="50" y="50" fill="{ink}" font-family="sans-serif" font-size="38" font-weight="700" '
        f'text-anchor="middle" dominant-baseline="central">{escape(told.letters)}</text></svg>'
    ).encode()


def _plain(told: Told) -> tuple[str, str]:
    """Shapes in a color of the pages, and the color of the letters."""
    seed = told.shapes
    ground, shape, ink = PALETTE[told.colors % len(PALETTE)]
    across, down, size = 20 + seed // 8 % 60, 20 + seed // 512 % 60, 28 + seed // 32_768 % 30
    turn = seed // 1_048_576 % 180
    drawn = (
        f'<rect width="100" height="100" fill="{ground}"/>'
        f'<circle cx="{across}" cy="{down}" r="{size}" fill="{shape}"/>'
        f'<rect x="-20" y="64" width="140" height="14" fill="{shape}" transform="rotate({turn} 50 50)"/>'
    )
    return drawn, ink


def _felt(told: Told, valence: float, energy: float) -> tuple[str, str]:
    """The same by a feeling: blue is sad and amber happy; few large circles are calm, many small corners lively."""
    hue = round(SAD + (MIDDLE - SAD) * (valence + 1) if valence < 0 else MIDDLE + (HAPPY - MIDDLE) * valence)
    lively = (energy + 1) / 2
    drawn = [f'<rect width="100" height="100" fill="hsl({hue} 45% 22%)"/>']
    for number in range(FEWEST + round(lively * (MOST - FEWEST))):
        # Each shape by digits of its own, so that one more leaves the others where they are.
        dice = blake2b(f"{told.shapes}:{number}".encode(), digest_size=3).digest()
        across, down = 5 + 90 * dice[0] // 255, 5 + 90 * dice[1] // 255
        size, fill = round(40 - 28 * lively + dice[2] % 6), f"hsl({(hue + 12 * (number % 3)) % 360} 42% 32%)"
        if energy < 0:
            drawn.append(f'<circle cx="{across}" cy="{down}" r="{size}" fill="{fill}"/>')
        else:
            corners = f"0,-{size} {size},{size} -{size},{size}"
            turn = 360 * dice[2] // 255
            drawn.append(
                f'<polygon points="{corners}" fill="{fill}" transform="translate({across} {down}) rotate({turn})"/>'
            )
    return "".join(drawn), f"hsl({hue} 45% 94%)"
