"""Secrets at rest: AES-256-GCM under a ring of keys, bound to whom they belong.

The first key of the ring encrypts; every key decrypts what was encrypted with it. A new key is put
in front, everything is encrypted anew, then the old key can go.
"""

import base64
import binascii
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
KEY_BYTES = 32

DEMO_KEYS = "demo:" + base64.b64encode(b"a key that everybody may know...").decode()
"""For demo mode only, where nothing is secret."""


class Unsealable(Exception):
    """What was sealed cannot be opened: no such key, another owner, or it was changed."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys by their ids, in order; the first one seals."""

    keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """Read `id:base64,id:base64,…`, each key of 32 bytes.

        Raises:
            ValueError: it is not such a list; the message repeats nothing of it.
        """
        keys: dict[str, bytes] = {}
        for part in text.split(","):
            name, _, encoded = part.strip().partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                key = b""
            if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name) or len(key) != KEY_BYTES:
                raise ValueError("must be id:base64 pairs with commas between, keys of 32 bytes")
            if name in keys:
                raise ValueError("has two keys of the same id")
            keys[name] = key
        return cls(keys)

    @property
    def first(self) -> str:
        """Return the id of the key that seals."""
        return next(iter(self.keys))

    def seal(self, plain: bytes, *, owner: str) -> bytes:
        """Encrypt under the first key; only with the same owner can it be opened."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self.keys[self.first]).encrypt(nonce, plain, owner.encode())

    def open(self, sealed: bytes, *, key_id: str, owner: str) -> bytes:
        """Decrypt what was sealed under a key for an owner.

        Raises:
            Unsealable: the ring lacks the key, the owner is another, or the bytes were changed.
        """
        if key_id not in self.keys:
            raise Unsealable(f"the key {key_id} is not in the ring")
        nonce, text = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return AESGCM(self.keys[key_id]).decrypt(nonce, text, owner.encode())
        except (InvalidTag, ValueError):
            raise Unsealable("it was changed, or belongs to another") from None
