r"""WeChat Pay's server API, version 3: requests that we sign, answers whose signature we check.

Source: WeChat Pay merchant documents, "Signature" (pay.weixin.qq.com/doc/global/v3/zh/4012354982)
and the utilities for the WeChat Pay public key (pay.weixin.qq.com/doc/v3/merchant/4014931831). A
request is signed with SHA256-RSA2048 over `method\npath\ntimestamp\nnonce\nbody\n`, an answer or a
callback over `timestamp\nnonce\nbody\n`. Requests whose own signature is wrong are answered by 401,
unsigned, and not carried out. What a callback tells is sealed with AEAD_AES_256_GCM under the
merchant's API v3 key (pay.weixin.qq.com/doc/v3/merchant/4012071382).

Nothing is repeated here: only the caller knows whether that could do harm.
"""

import base64
import binascii
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

TIMEOUT_SECONDS = (3.05, 10.0)
TOLERANCE_SECONDS = 300
SCHEME = "WECHATPAY2-SHA256-RSA2048"
CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
PROBE = "WECHATPAY/SIGNTEST/"
"""How signatures begin that WeChat Pay sends to see whether they are checked at all."""
ALGORITHM = "AEAD_AES_256_GCM"


class WeChatPayUnavailable(Exception):
    """No answer came that is surely WeChat Pay's; what happened is unknown.

    Carries no part of the request.
    """


class WeChatPayRefused(Exception):
    """WeChat Pay answered, signed, with another status than success."""

    def __init__(self, status: int, code: str) -> None:
        self.status = status
        self.code = code
        super().__init__(f"WeChat Pay refused with {status} {code}")


class WeChatPayForged(Exception):
    """The signature is not WeChat Pay's, or too old."""


@dataclass(frozen=True, slots=True)
class WeChatPayClient:
    """A client for one merchant; keys are PEM texts."""

    mch_id: str
    cert_serial: str
    private_key: str = field(repr=False)
    public_key_id: str
    public_key: str = field(repr=False)
    base_url: str

    def get(self, path: str) -> dict[str, Any]:
        """Ask for something; see `post`."""
        return self._request("GET", path, b"")

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Ask for something to be done, and return the answer.

        Raises:
            WeChatPayRefused: with its status and code.
            WeChatPayUnavailable: no answer, or none that can be trusted.
        """
        return self._request("POST", path, json.dumps(body, ensure_ascii=False).encode())

    def download(self, url: str) -> bytes:
        """Fetch a file whose address a signed answer gave; whoever asks compares its hash.

        Files come unsigned. Only the path of the address is used, never another host.

        Raises:
            WeChatPayUnavailable: no file came.
        """
        parts = urlsplit(url)
        response = self._send("GET", f"{parts.path}?{parts.query}", b"")
        if response.status_code != 200:
            raise WeChatPayUnavailable(f"status {response.status_code} for a file")
        return response.content

    def sign(self, *lines: str) -> str:
        """Return our signature over lines, each ended by a line feed: what a phone hands on."""
        return self._signature("".join(f"{line}\n" for line in lines).encode())

    def encrypt(self, text: str) -> str:
        """Return a sensitive field, such as a name, so that only WeChat Pay can read it."""
        # OAEP with SHA-1 is what WeChat Pay asks for; SHA-1 serves as mask, not as signature.
        padding = OAEP(MGF1(SHA1()), SHA1(), None)
        sealed = _public_key(self.public_key).encrypt(text.encode(), padding)
        return base64.b64encode(sealed).decode()

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Check that an answer or a callback is WeChat Pay's, and not old.

        Raises:
            WeChatPayForged: it is not, or cannot be told.
        """
        timestamp, nonce = headers.get("Wechatpay-Timestamp", ""), headers.get("Wechatpay-Nonce")
        if headers.get("Wechatpay-Signature", "").startswith(PROBE):
            raise WeChatPayForged("a probe")
        if headers.get("Wechatpay-Serial") != self.public_key_id:
            raise WeChatPayForged("signed with another key")
        if not re.fullmatch(r"[0-9]{1,12}", timestamp) or not nonce:
            raise WeChatPayForged("no timestamp or no nonce")
        if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
            raise WeChatPayForged("too old")
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        try:
            signature = base64.b64decode(headers.get("Wechatpay-Signature", ""), validate=True)
            _public_key(self.public_key).verify(signature, message, PKCS1v15(), SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            raise WeChatPayForged("wrong signature") from None

    def authorization(self, method: str, path: str, body: bytes) -> str:
        """Return the header that signs a request."""
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        message = f"{method}\n{path}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
        parts = {
            "mchid": self.mch_id,
            "nonce_str": nonce,
            "signature": self._signature(message),
            "timestamp": timestamp,
            "serial_no": self.cert_serial,
        }
        return f"{SCHEME} " + ",".join(f'{name}="{value}"' for name, value in parts.items())

    def _signature(self, message: bytes) -> str:
        signature = _private_key(self.private_key).sign(message, PKCS1v15(), SHA256())
        return base64.b64encode(signature).decode()

    def _request(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        response = self._send(method, path, body)
        try:
            self.verify(response.headers, response.content)
        except WeChatPayForged as fault:
            raise WeChatPayUnavailable(f"status {response.status_code}, {fault}") from None
        answer = _document(response.content)
        if not 200 <= response.status_code < 300:
            raise WeChatPayRefused(response.status_code, _code(answer))
        return answer

    def _send(self, method: str, path: str, body: bytes) -> requests.Response:
        try:
            return requests.request(
                method,
                f"{self.base_url}{path}",
                data=body or None,
                headers={
                    "Authorization": self.authorization(method, path, body),
                    "Accept": "application/json",
                    "Content-Type": "application/json",
                    "Wechatpay-Serial": self.public_key_id,
                },
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # The exception holds the request with its signature: only its kind goes on.
            raise WeChatPayUnavailable(type(error).__name__) from None


def unseal(resource: Mapping[str, Any], api_v3_key: str) -> dict[str, Any]:
    """Decrypt what a callback tells.

    Raises:
        WeChatPayForged: it was sealed under another key, or changed.
    """
    try:
        if resource["algorithm"] != ALGORITHM:
            raise WeChatPayForged("sealed in another way")
        sealed = base64.b64decode(resource["ciphertext"], validate=True)
        bound = (resource.get("associated_data") or "").encode()
        plain = AESGCM(api_v3_key.encode()).decrypt(resource["nonce"].encode(), sealed, bound)
        told = json.loads(plain)
    except (KeyError, TypeError, AttributeError, ValueError, InvalidTag):
        raise WeChatPayForged("cannot be opened") from None
    if not isinstance(told, dict):
        raise WeChatPayForged("not an object")
    return told


def _document(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content or b"{}")
    except ValueError:
        raise WeChatPayUnavailable("not JSON") from None
    if not isinstance(answer, dict):
        raise WeChatPayUnavailable("not an object")
    return answer


def _code(answer: Mapping[str, Any]) -> str:
    code = answer.get("code")
    return code if isinstance(code, str) and CODE.fullmatch(code) else ""


@lru_cache(maxsize=4)
def _private_key(pem: str) -> RSAPrivateKey:
    key = load_pem_private_key(pem.encode(), None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("WeChat Pay needs an RSA key")
    return key


@lru_cache(maxsize=4)
def _public_key(pem: str) -> RSAPublicKey:
    key = load_pem_public_key(pem.encode())
    if not isinstance(key, RSAPublicKey):
        raise ValueError("WeChat Pay's public key is an RSA key")
    return key
