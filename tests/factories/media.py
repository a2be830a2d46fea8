"""Pictures to upload."""

import base64
import io
from typing import Any

from PIL import Image


def picture_bytes(
    *, width: int = 60, height: int = 40, kind: str = "PNG", mode: str = "RGB", **options: Any
) -> bytes:
    """Return a plain picture as a file."""
    colour: Any = {"RGBA": (200, 30, 30, 0), "P": 1}.get(mode, (200, 30, 30))
    out = io.BytesIO()
    Image.new(mode, (width, height), colour).save(out, kind, **options)
    return out.getvalue()


def picture_body(content: bytes | None = None, **options: Any) -> dict[str, str]:
    """Return the body that uploads a picture."""
    content = picture_bytes(**options) if content is None else content
    return {"content": base64.b64encode(content).decode()}
