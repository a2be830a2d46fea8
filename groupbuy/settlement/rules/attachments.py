"""The papers that go with an adjustment: what they may be, and how their content must begin."""

ATTACHMENTS = 5
"""At most so many for one adjustment."""

ATTACHMENT_BYTES = 1 << 20
"""How long each may be."""

CSV, TEXT = "text/csv", "text/plain"

BEGINNINGS: dict[str, bytes] = {
    "application/pdf": b"%PDF-",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    CSV: b"",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": b"PK\x03\x04",
    TEXT: b"",
}
"""The media types, and the bytes with which a file of each begins."""


def is_what_it_says(media_type: str, content: bytes) -> bool:
    """Tell whether a content is of its media type, as far as its beginning shows."""
    if media_type in (CSV, TEXT):
        return b"\0" not in content and _is_text(content)
    return content.startswith(BEGINNINGS[media_type])


def _is_text(content: bytes) -> bool:
    for encoding in ("utf-8", "gb18030"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False
