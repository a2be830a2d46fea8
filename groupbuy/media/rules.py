"""What a picture may be, and what becomes of it: drawn again from its pixels, in two sizes."""

import io
import warnings
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from PIL import Image, ImageOps

UPLOAD_BYTES = 8 << 20
"""How long an uploaded file may be: a phone's photograph."""

PIXELS = 50_000_000
"""How many pixels a JPEG may have: it is made smaller while it is read, never unpacked whole."""

UNPACKED_PIXELS = 20_000_000
"""How many anything else may have; small files can hold endless pictures."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
"""What is read. SVG is a program, not a picture; of a moving GIF the first frame is kept."""

MEDIA_TYPE = "image/jpeg"
QUALITY = 85
FORGOTTEN_AFTER = timedelta(hours=24)
"""A picture that nothing uses after so long is removed."""


class Size(StrEnum):
    """The sizes that are kept of each picture."""

    FULL = "full"
    THUMBNAIL = "thumbnail"


_SMOOTH = ("L", "LA", "RGB", "RGBA", "CMYK")
"""The modes in which neighbouring pixels can be mixed; others are turned into one of them."""

EDGES = {Size.FULL: 1600, Size.THUMBNAIL: 400}
"""The longest edge of each size, in pixels; smaller pictures are not blown up."""


class NotAPicture(ValueError):
    """The bytes are no picture that is read here; the message says why."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture drawn again: its bytes by size, and how large the full one is, in pixels."""

    contents: dict[Size, bytes]
    width: int
    height: int


def draw_again(upload: bytes) -> Drawn:
    """Return a picture made of an upload's pixels alone, so that nothing else in it survives.

    What a camera wrote beside them (where, when, which device) is gone; what it said of the
    orientation is applied; transparency becomes white.

    Raises:
        NotAPicture: not a JPEG, PNG, WebP or GIF, damaged, or with too many pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(upload), formats=FORMATS)
            if picture.width * picture.height > _most_pixels(picture):
                raise NotAPicture("too many pixels")
            # Made small first: whatever follows needs the memory of a small picture.
            small = _within(picture, EDGES[Size.FULL])
            full = _flat(ImageOps.exif_transpose(small))
    except NotAPicture:
        raise
    except Exception as fault:
        # A decoder that is fed by strangers may raise anything.
        raise NotAPicture(type(fault).__name__) from None
    sizes = {Size.FULL: full, Size.THUMBNAIL: _within(full.copy(), EDGES[Size.THUMBNAIL])}
    return Drawn({size: _bytes(image) for size, image in sizes.items()}, full.width, full.height)


def key_of(picture_id: str, size: Size) -> str:
    """Return the name under which a size is kept; nothing that a client sent is in it."""
    return f"{picture_id}-{size}.jpg"


def _most_pixels(picture: Image.Image) -> int:
    read_smaller = picture.format in ("JPEG", "MPO") and not picture.info.get("progressive")
    return PIXELS if read_smaller else UNPACKED_PIXELS


def _within(picture: Image.Image, edge: int) -> Image.Image:
    """Return a picture made no larger than this; the one that is given is used up."""
    if picture.mode == "I;16":
        # Left as they are, 16 bits of grey would all be cut off at white.
        picture = picture.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    elif picture.mode not in _SMOOTH or "transparency" in picture.info:
        clear = picture.mode == "PA" or "transparency" in picture.info
        picture = picture.convert("RGBA" if clear else "RGB")
    picture.thumbnail((edge, edge))
    return picture


def _flat(picture: Image.Image) -> Image.Image:
    if "A" in picture.getbands():
        colours = picture.convert("RGBA")
        ground = Image.new("RGB", colours.size, "white")
        ground.paste(colours, mask=colours.getchannel("A"))
        return ground
    return picture.convert("RGB")


def _bytes(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return out.getvalue()
