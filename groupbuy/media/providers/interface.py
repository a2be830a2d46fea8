"""What every store can do."""

from typing import Protocol


class StoreUnavailable(Exception):
    """No usable answer: whether anything happened is unknown; the same call can be repeated."""


class Store(Protocol):
    """Bytes under names that we make. Everything may raise StoreUnavailable."""

    def put(self, key: str, content: bytes) -> None:
        """Keep bytes under a name, in place of what was there."""
        ...

    def get(self, key: str) -> bytes | None:
        """Return the bytes, None if there are none."""
        ...

    def delete(self, key: str) -> None:
        """Forget a name; one that is not there is forgotten already."""
        ...
