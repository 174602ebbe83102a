"""A picture of an address for a phone's camera, as part of a page. Imports nothing of ours."""

import qrcode
from qrcode.image.svg import SvgPathImage


def qr_svg(words: str) -> str:
    """An SVG element, without anything that a strict policy of a page refuses."""
    picture = qrcode.make(words, image_factory=SvgPathImage, border=2)
    return str(picture.to_string(encoding="unicode"))
