"""How environment variables are read: a value is returned, or a ValueError says what is wrong."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from groupbuy.kernel.sealing import KeyRing

PEM = "-----BEGIN "
SECRET_CHARACTERS = 32
LONGEST_CACHE_MILLISECONDS = 900
"""What was changed is to be seen by everybody within a second."""


def timezone(value: str) -> str:
    """Read the name of a time zone."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("not a time zone such as Asia/Shanghai") from error
    return value


def count(value: str) -> int:
    """Read a whole number."""
    if not value.isdecimal():
        raise ValueError("must be a whole number, 0 or more")
    return int(value)


def share(value: str) -> int:
    """Read a share in basis points."""
    if not value.isdecimal() or int(value) > 10_000:
        raise ValueError("must be basis points, 0 to 10000")
    return int(value)


def cache_time(value: str) -> int:
    """Read how long public pages may be kept."""
    milliseconds = count(value)
    if milliseconds > LONGEST_CACHE_MILLISECONDS:
        raise ValueError(f"must be at most {LONGEST_CACHE_MILLISECONDS}")
    return milliseconds


def flag(value: str) -> bool:
    """Read true or false."""
    if value not in ("true", "false"):
        raise ValueError("must be true or false")
    return value == "true"


def level(value: str) -> str:
    """Read a log level."""
    if value not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
    return value


def redis(value: str) -> str:
    """Read where Redis is."""
    if not value.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must begin with redis://, rediss:// or unix://")
    return value


def postgres(value: str) -> str:
    """Read where PostgreSQL is."""
    if not value.startswith(("postgresql://", "postgres://")):
        raise ValueError("must begin with postgresql://; no other database is supported")
    return value


def pictures(value: str) -> str:
    """Read where pictures are kept."""
    parts = urlsplit(value)
    folder = parts.scheme == "file" and len(parts.path) > 1 and not parts.netloc
    bucket = parts.scheme in ("s3+https", "s3+http") and parts.username and parts.password
    if not (folder or (bucket and parts.hostname and len(parts.path) > 1)):
        raise ValueError("must be file:///folder or s3+https://ACCESS:SECRET@host/bucket")
    return value


def key_ring(value: str) -> str:
    """Read a ring of keys."""
    KeyRing.parse(value)
    return value


def secret(value: str) -> str:
    """Read a secret that nobody guesses."""
    if len(value) < SECRET_CHARACTERS:
        raise ValueError(f"must have at least {SECRET_CHARACTERS} characters")
    return value


PAYMENT_PROVIDERS = ("stripe", "wechatpay", "demo")


def provider(value: str) -> str:
    """Read the name of a payment provider."""
    if value not in PAYMENT_PROVIDERS:
        raise ValueError("must be stripe, wechatpay or demo")
    return value


def methods(value: str) -> str:
    """Read ways to pay."""
    names = [name.strip() for name in value.split(",")]
    for name in names:
        provider, _, method = name.partition(":")
        if provider not in PAYMENT_PROVIDERS or not re.fullmatch("[a-z_]+", method):
            raise ValueError("must be provider:method pairs with commas between")
    return ",".join(dict.fromkeys(names))


def api_v3_key(value: str) -> str:
    """Read the key of WeChat Pay's callbacks."""
    if len(value.encode()) != 32:
        raise ValueError("must be the 32 characters that were set in WeChat Pay's console")
    return value


def notify_url(value: str) -> str:
    """Read where WeChat Pay's callbacks go."""
    if not value.startswith("https://") or "?" in value or "#" in value:
        raise ValueError("must begin with https:// and have no query")
    return value


def public_url(value: str) -> str:
    """Read where people's browsers reach us."""
    if not value.startswith(("https://", "http://")) or "?" in value or "#" in value:
        raise ValueError("must begin with https:// or http:// and have no query")
    return value.rstrip("/")


def given_or_file(value: str, start: str) -> str:
    """Return a text that was given as such (its line ends perhaps written \\n), or in a file."""
    if value.lstrip().startswith(start):
        return value.replace("\\n", "\n") if start == PEM else value
    try:
        return Path(value).read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise ValueError(
            f"neither begins with {start} nor is the path of a readable file"
        ) from None


def private_key(value: str) -> str:
    """Read an RSA private key, or the file it is in."""
    text = given_or_file(value, PEM)
    try:
        key = load_pem_private_key(text.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("must hold an RSA private key as PEM, without a password")
    return text


def public_key(value: str) -> str:
    """Read an RSA public key, or the file it is in."""
    text = given_or_file(value, PEM)
    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey):
        raise ValueError("must hold an RSA public key as PEM")
    return text


def json_text(value: str) -> str:
    """Read JSON, or the file it is in."""
    text = given_or_file(value, "{")
    try:
        json.loads(text)
    except ValueError:
        raise ValueError("is not JSON") from None
    return text
