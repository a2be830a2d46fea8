"""Pictures of the demo's goods, drawn and not photographed: a fruit, an egg, a leaf in colour."""

import io

from PIL import Image, ImageDraw

EDGE = 480
PAPER = "#fbf7f0"


def picture(colour: str, *, broken: bool = False) -> bytes:
    """Return a small PNG of something round in a colour, with a crack if it is broken."""
    image = Image.new("RGB", (EDGE, EDGE), PAPER)
    pen = ImageDraw.Draw(image)
    pen.ellipse((90, 390, 390, 430), fill="#e6ddcf")
    pen.ellipse((90, 110, 390, 410), fill=colour)
    pen.ellipse((150, 160, 210, 220), fill="#ffffff")
    pen.line((240, 120, 260, 60), fill="#6b4a2b", width=10)
    if broken:
        pen.line((240, 110, 215, 190, 265, 240, 225, 320, 250, 405), fill="#3a2a1a", width=8)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
