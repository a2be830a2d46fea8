"""A store in a folder: for one machine, or a network file system that all of ours see."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from groupbuy.media.providers.interface import StoreUnavailable

_KEY = re.compile(r"[a-z]+_[0-9a-f]{32}-[a-z]+\.jpg")


@dataclass(frozen=True, slots=True)
class FolderStore:
    """See providers.interface.Store. Files lie in 256 folders by the end of their id."""

    folder: Path

    @classmethod
    def at(cls, url: str) -> "FolderStore":
        """Return the store of a `file:///…` URL."""
        return cls(Path(unquote(urlsplit(url).path)))

    def put(self, key: str, content: bytes) -> None:
        """Write a file whole or not at all."""
        path = self._path(key)
        with _answering():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, part = tempfile.mkstemp(dir=path.parent, prefix="part-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                Path(part).replace(path)
            except BaseException:
                Path(part).unlink(missing_ok=True)
                raise

    def get(self, key: str) -> bytes | None:
        """Read a file."""
        with _answering():
            try:
                return self._path(key).read_bytes()
            except FileNotFoundError:
                return None

    def delete(self, key: str) -> None:
        """Remove a file."""
        with _answering():
            self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        if _KEY.fullmatch(key) is None:
            raise ValueError(f"not a name of ours: {key!r}")
        stem = key.partition("-")[0]
        return self.folder / stem[-2:] / key


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise StoreUnavailable(type(fault).__name__) from fault
