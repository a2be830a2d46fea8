"""What WeChat Pay's double signs and seals with, and how it checks whoever calls it."""

import base64
import json
import re
import secrets
import time
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.doubles.server import Answer, Seen

MCH_ID = "1900000001"
APP_ID = "wx-double-app"
CERT_SERIAL = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000000012024110100000000000001"
API_V3_KEY = "a key of thirty-two characters.."
NOTIFY_URL = "https://shop.example/webhooks/wechatpay"
TOLERANCE_SECONDS = 300


@cache
def key(whose: str) -> rsa.RSAPrivateKey:
    """Return a key pair of this run: `merchant`, `wechat` or `stranger`."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(whose: str) -> str:
    """Return a private key as an operator configures it."""
    form = PrivateFormat.PKCS8
    return key(whose).private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def public_pem(whose: str) -> str:
    """Return a public key as an operator configures it."""
    form = PublicFormat.SubjectPublicKeyInfo
    return key(whose).public_key().public_bytes(Encoding.PEM, form).decode()


def signed(answer: Answer, *, whose: str = "wechat", age_seconds: int = 0) -> Answer:
    """Return an answer with WeChat Pay's signature, or a stranger's, made so long ago."""
    timestamp, nonce = str(int(time.time()) - age_seconds), secrets.token_hex(16)
    message = f"{timestamp}\n{nonce}\n".encode() + answer.body + b"\n"
    signature = key(whose).sign(message, padding.PKCS1v15(), SHA256())
    headers = {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": PUBLIC_KEY_ID,
        "Wechatpay-Signature": base64.b64encode(signature).decode(),
    }
    return Answer(answer.status, answer.body, answer.headers | headers)


def sealed(told: Any, *, api_v3_key: str = API_V3_KEY, kind: str = "transaction") -> dict[str, str]:
    """Return what a callback tells, encrypted anew each time."""
    nonce = secrets.token_hex(6)
    plain = json.dumps(told, ensure_ascii=False).encode()
    text = AESGCM(api_v3_key.encode()).encrypt(nonce.encode(), plain, kind.encode())
    return {
        "original_type": kind,
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(text).decode(),
        "associated_data": kind,
        "nonce": nonce,
    }


def made_by_merchant(signature: str, message: bytes) -> bool:
    """Tell whether the merchant signed a message."""
    try:
        public = key("merchant").public_key()
        public.verify(base64.b64decode(signature), message, padding.PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def request_signed(request: Seen, nonces: set[str]) -> bool:
    """Tell whether the merchant signed a request, just now, and for the first time."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    parts = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    timestamp, nonce = parts.get("timestamp", ""), parts.get("nonce_str", "")
    path = request.path + (f"?{request.raw_query}" if request.raw_query else "")
    message = f"{request.method}\n{path}\n{timestamp}\n{nonce}\n".encode() + request.body
    ours = (
        scheme == "WECHATPAY2-SHA256-RSA2048"
        and parts.get("mchid") == MCH_ID
        and parts.get("serial_no") == CERT_SERIAL
        and request.headers.get("Wechatpay-Serial") == PUBLIC_KEY_ID
        and timestamp.isdecimal()
        and abs(time.time() - int(timestamp)) <= TOLERANCE_SECONDS
        and nonce not in nonces
    )
    nonces.add(nonce)
    return ours and made_by_merchant(parts.get("signature", ""), message + b"\n")
