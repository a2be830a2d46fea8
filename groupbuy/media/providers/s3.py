"""A store in a bucket that speaks S3: Amazon's, Aliyun's OSS, Tencent's COS, MinIO.

The bucket must exist. Source: MinIO's Python client, which signs requests by AWS Signature
Version 4; `s3+https://ACCESS:SECRET@host[:port]/bucket?region=…` names one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import parse_qs, unquote, urlsplit

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error

from groupbuy.media.providers.interface import StoreUnavailable
from groupbuy.media.rules import MEDIA_TYPE

TIMEOUT = urllib3.Timeout(connect=3, read=10)
_MISSING = ("NoSuchKey", "NoSuchObject")


@dataclass(frozen=True, slots=True)
class BucketStore:
    """See providers.interface.Store."""

    client: Minio
    bucket: str

    @classmethod
    def at(cls, url: str) -> "BucketStore":
        """Return the store of an `s3+https://…` (or, for tests, `s3+http://…`) URL."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        client = Minio(
            f"{host}:{parts.port}" if parts.port else host,
            access_key=unquote(parts.username or ""),
            secret_key=unquote(parts.password or ""),
            secure=parts.scheme == "s3+https",
            region=parse_qs(parts.query).get("region", ["us-east-1"])[0],
            http_client=urllib3.PoolManager(timeout=TIMEOUT, retries=False),
        )
        return cls(client, parts.path.strip("/"))

    def put(self, key: str, content: bytes) -> None:
        """Put an object."""
        with _answering():
            self.client.put_object(
                self.bucket, key, BytesIO(content), len(content), content_type=MEDIA_TYPE
            )

    def get(self, key: str) -> bytes | None:
        """Get an object."""
        with _answering():
            try:
                answer = self.client.get_object(self.bucket, key)
            except S3Error as refusal:
                if refusal.code in _MISSING:
                    return None
                raise
            with answer:
                return bytes(answer.read())

    def delete(self, key: str) -> None:
        """Delete an object; S3 does not mind one that is gone."""
        with _answering():
            self.client.remove_object(self.bucket, key)


@contextmanager
def _answering() -> Iterator[None]:
    """Turn what went wrong into one word, without the request: it may hold a signature."""
    try:
        yield
    except (MinioException, urllib3.exceptions.HTTPError, OSError) as fault:
        raise StoreUnavailable(type(fault).__name__) from None
