"""A bucket that speaks S3, small but stateful: it verifies signatures as AWS documents them.

Source: "Authenticating Requests (AWS Signature Version 4)", Amazon S3 API reference; the answers
to PutObject, GetObject and DeleteObject are those of the same reference.
"""

import hashlib
import hmac
from urllib.parse import quote, unquote

from tests.doubles.server import Answer, Double, Seen

ACCESS, SECRET, REGION, BUCKET = "double-access", "double/secret+key", "cn-east-1", "pictures"


class BucketDouble(Double):
    """`objects` holds what was put."""

    broken = Answer(500, b"<Error><Code>InternalError</Code></Error>", {})

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, tuple[str, bytes]] = {}

    @property
    def store_url(self) -> str:
        """Return what PICTURES_URL is to be."""
        host = self.url.removeprefix("http://")
        return f"s3+http://{ACCESS}:{quote(SECRET, safe='')}@{host}/{BUCKET}?region={REGION}"

    def effect(self, request: Seen) -> Answer:
        """Put, get or delete an object."""
        if not _signed(request):
            return _error(403, "SignatureDoesNotMatch")
        bucket, _, key = unquote(request.path).strip("/").partition("/")
        if bucket != BUCKET:
            return _error(404, "NoSuchBucket")
        if request.method == "PUT":
            kind = request.headers.get("Content-Type", "")
            self.objects[key] = kind, _payload(request)
            return Answer(200, b"", {"ETag": '"kept"'})
        if request.method == "DELETE":
            self.objects.pop(key, None)
            return Answer(204, b"", {})
        if key not in self.objects:
            return _error(404, "NoSuchKey")
        kind, content = self.objects[key]
        return Answer(200, content, {"Content-Type": kind, "ETag": '"kept"'})


def _payload(request: Seen) -> bytes:
    """Return the object, taken out of the signed chunks that a client over HTTP sends it in."""
    if not request.headers.get("X-Amz-Content-Sha256", "").startswith("STREAMING-"):
        return request.body
    content, rest = b"", request.body
    while rest:
        head, _, rest = rest.partition(b"\r\n")
        size = int(head.partition(b";")[0], 16)
        content, rest = content + rest[:size], rest[size + 2 :]
    return content


def _error(status: int, code: str) -> Answer:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>"
    return Answer(status, body.encode(), {"Content-Type": "application/xml"})


def _signed(request: Seen) -> bool:
    headers = {name.lower(): " ".join(v.split()) for name, v in request.headers.items()}
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    given = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
    credential = given.get("Credential", "").split("/")
    if scheme != "AWS4-HMAC-SHA256" or len(credential) != 5 or credential[0] != ACCESS:
        return False
    names = given["SignedHeaders"].split(";")
    query = "&".join(sorted(part if "=" in part else f"{part}=" for part in _parts(request)))
    canonical = "\n".join(
        [
            request.method,
            request.path,
            query,
            *(f"{name}:{headers[name]}" for name in names),
            "",
            given["SignedHeaders"],
            headers["x-amz-content-sha256"],
        ]
    )
    scope = "/".join(credential[1:])
    text = "\n".join(
        [scheme, headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()]
    )
    key = f"AWS4{SECRET}".encode()
    for part in credential[1:]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, given["Signature"])


def _parts(request: Seen) -> list[str]:
    return request.raw_query.split("&") if request.raw_query else []
