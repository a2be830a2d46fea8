"""Files as answers: of any length in constant memory, with a name that may be Chinese."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from unicodedata import normalize
from urllib.parse import quote

from flask import Response

from groupbuy.kernel import sheets
from groupbuy.kernel.sheets import Column

FILE = {"type": "string", "format": "binary"}
"""How the API description calls the content of a file."""

PDF = "application/pdf"
SHEETS = tuple(sheets.MEDIA_TYPES.values())

IN_MEMORY = 1 << 20
CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Download:
    """A file that a view returns: its content at once or in pieces, its type, its name."""

    content: bytes | Iterable[bytes]
    media_type: str
    name: str

    def response(self) -> Response:
        """Return the answer, all of it written: what fails on the way is still a Problem.

        The pieces are put down on disk first, or a slow reader would hold a database connection.
        """
        pieces = [self.content] if isinstance(self.content, bytes) else self.content
        spool, length = _written(pieces)
        answer = Response(_read(spool), mimetype=self.media_type)
        answer.call_on_close(spool.close)
        answer.content_length = length
        answer.headers["Content-Disposition"] = disposition(self.name)
        answer.headers["Cache-Control"] = "private, no-store"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer


@dataclass(frozen=True, slots=True)
class Inline(Download):
    """A small file that is shown where it is asked for; `forever` if everybody may keep it."""

    content: bytes
    media_type: str
    name: str = ""
    forever: bool = False

    def response(self) -> Response:
        """Return the answer."""
        answer = Response(self.content, mimetype=self.media_type)
        kept = "public, max-age=31536000, immutable" if self.forever else "private, no-store"
        answer.headers["Cache-Control"] = kept
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer


def _written(pieces: Iterable[bytes]) -> tuple[IO[bytes], int]:
    spool = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (closed with the answer)
    try:
        for piece in pieces:
            spool.write(piece)
        length = spool.tell()
        spool.seek(0)
    except BaseException:
        spool.close()
        raise
    return spool, length


def _read(spool: IO[bytes]) -> Iterator[bytes]:
    with spool:
        while chunk := spool.read(CHUNK):
            yield chunk


def disposition(name: str) -> str:
    """Return the header that saves an answer under a name (RFC 6266 with RFC 5987).

    Programs that know no UTF-8 names get the ASCII of it.
    """
    plain = normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = "".join(c if c.isalnum() or c in "-_. " else "_" for c in plain).strip(" -_")
    header = f'attachment; filename="{plain or "file"}"'
    return header if plain == name else f"{header}; filename*=UTF-8''{quote(name, safe='')}"


def sheet_download(
    *,
    rows: Iterable[Sequence[Any]],
    columns: Sequence[Column],
    format: str,
    name: str,
    language: str,
    zone: tzinfo,
) -> Download:
    """Return rows as a CSV or XLSX file, its ending added to its name (see kernel.sheets)."""
    content = sheets.sheet(rows, columns, format, language, zone)
    kind = sheets.Format(format)
    return Download(content, sheets.MEDIA_TYPES[kind], f"{name}.{kind}")
