"""The registry: a new kind of store is one file, and one line here."""

from collections.abc import Callable
from functools import cache
from urllib.parse import urlsplit

from groupbuy.kernel.settings import settings
from groupbuy.media.errors import PictureStoreUnavailable
from groupbuy.media.providers.interface import Store


def _folder(url: str) -> Store:
    from groupbuy.media.providers.folder import FolderStore

    return FolderStore.at(url)


def _bucket(url: str) -> Store:
    # Imported when it is used: its client is large, and who keeps pictures in a folder needs none.
    from groupbuy.media.providers.s3 import BucketStore

    return BucketStore.at(url)


STORES: dict[str, Callable[[str], Store]] = {
    "file": _folder,
    "s3+https": _bucket,
    "s3+http": _bucket,
}


def store() -> Store:
    """Return the store that PICTURES_URL names.

    Raises:
        PictureStoreUnavailable: none is set up.
    """
    if not settings().pictures_url:
        raise PictureStoreUnavailable
    return _store(settings().pictures_url)


@cache
def _store(url: str) -> Store:
    return STORES[urlsplit(url).scheme](url)
