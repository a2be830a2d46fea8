"""A client that costs little: HTTP/1.1 with keep-alive over asyncio's streams."""

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0


class Unanswered(Exception):
    """The request may have had its effect or not: no answer came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: Any

    @property
    def code(self) -> str:
        """Return the code of a problem, '' if it is none."""
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""

    def __str__(self) -> str:
        return f"{self.status} {self.code}".strip()


class Connection:
    """One client's connection; it is opened again when it was lost."""

    _numbers = itertools.count(1)

    def __init__(self, port: int) -> None:
        self._port = port
        # Behind one trusted proxy, as in production: every client has an address of its own.
        number = next(self._numbers)
        self._address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.retries = 0

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        key: str | None = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request; paths are as they are on the wire, `raw` is a body as it is.

        Raises:
            Unanswered: the connection was refused or lost, or nobody answered in time.
        """
        payload = raw if raw is not None else b"" if body is None else orjson.dumps(body)
        lines = [f"{method} {path} HTTP/1.1", "Host: races", f"X-Forwarded-For: {self._address}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if token is not None:
            lines.append(f"Authorization: Bearer {token}")
        if key is not None:
            lines.append(f"Idempotency-Key: {key}")
        if body is not None:
            lines.append("Content-Type: application/json")
        lines.append(f"Content-Length: {len(payload)}")
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._exchange("\r\n".join(lines).encode() + b"\r\n\r\n" + payload)
        except (OSError, asyncio.IncompleteReadError, ValueError) as error:
            self.close()
            raise Unanswered(f"{method} {path}: {type(error).__name__}") from error

    async def insist(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """Ask the same until there is an answer that is not a failure of the server's.

        A creating request must carry its key: it is the same request however often it is sent.
        """
        pause = PAUSE_SECONDS
        while True:
            try:
                answer = await self.ask(method, path, body, **options)
                if answer.status < 500 and answer.code != "request-in-progress":
                    return answer
            except Unanswered:
                pass
            self.retries += 1
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def close(self) -> None:
        """Close it; the next request opens it again."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _exchange(self, request: bytes) -> Answer:
        if self._streams is None or self._streams[0].at_eof():
            self.close()
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in rest if ": " in line)
        content = await reader.readexactly(int(fields.get("content-length", 0)))
        if fields.get("connection") == "close":
            self.close()
        is_json = "json" in fields.get("content-type", "") and content
        return Answer(int(first.split()[1]), orjson.loads(content) if is_json else content)
