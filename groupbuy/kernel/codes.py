"""QR codes as pictures."""

import io

import segno

from groupbuy.kernel.downloads import Download

PNG = "image/png"
SVG = "image/svg+xml"
SCALE = 8
"""Pixels for each of its squares."""


def png(content: str, *, name: str) -> Download:
    """Return a QR code as a PNG file."""
    return Download(_drawn(content, "png"), PNG, f"{name}.png")


def svg(content: str, *, name: str) -> Download:
    """Return a QR code as an SVG file."""
    return Download(_drawn(content, "svg"), SVG, f"{name}.svg")


def _drawn(content: str, kind: str) -> bytes:
    out = io.BytesIO()
    segno.make(content, error="m", micro=False).save(out, kind=kind, scale=SCALE, border=4)
    return out.getvalue()
