"""HTTP as the people of the cast speak it."""

import itertools
import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol, cast

from flask import Flask
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from werkzeug.datastructures import Headers

from groupbuy.identity.models import LoginSession, Staff
from groupbuy.identity.services import hash_token
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction

_keys = itertools.count()
PREFIX = "/api/v1"
OUTSIDE = ("/webhooks", "/healthz", "/readyz", "/verify")


class Answer(Protocol):
    """What tests read of an HTTP answer."""

    status_code: int
    text: str
    json: Any
    data: bytes
    headers: Headers


class Caller:
    """One person's requests; paths are below /api/v1, answers are Werkzeug's."""

    def __init__(self, app: Flask, token: str | None, person_id: str = "") -> None:
        self._client = app.test_client(use_cookies=False)
        self.token = token
        self.id = person_id

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = "",
        if_match: int | None = None,
        language: str = "en",
        **query: Any,
    ) -> Answer:
        """Send a request.

        `key` is the Idempotency-Key: a new one for each POST unless given, none if None.
        """
        headers = {"Accept-Language": language}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if method == "POST" and key is not None:
            headers["Idempotency-Key"] = key or f"test-{next(_keys)}"
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        url = path if path.startswith(OUTSIDE) else PREFIX + path
        options: dict[str, Any] = {"headers": headers, "query_string": query or None}
        if body is not None:
            options["json"] = body
        elif method in ("POST", "PUT", "PATCH"):
            options["json"] = {}
        return cast(Answer, self._client.open(url, method=method, **options))

    def get(self, path: str, **query: Any) -> Answer:
        """GET with query parameters."""
        return self.request("GET", path, **query)

    def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        """POST a JSON body."""
        return self.request("POST", path, body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> Answer:
        """PUT a JSON body."""
        return self.request("PUT", path, body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> Answer:
        """PATCH a JSON body."""
        return self.request("PATCH", path, body, **options)

    def delete(self, path: str, **options: Any) -> Answer:
        """DELETE."""
        return self.request("DELETE", path, **options)


class Api:
    """Logs people in: shoppers by name through the API, staff by role."""

    def __init__(self, app: Flask, clock: ManualClock) -> None:
        self.app = app
        self.clock = clock
        self.anonymous = Caller(app, None)
        self._shoppers: dict[str, Caller] = {}
        self._logged_in: dict[str, datetime] = {}
        self._staff: dict[str, Caller] = {}

    def shopper(self, name: str) -> Caller:
        """Return a logged-in shopper, registering them at the first call.

        The login is renewed when the clock has moved on by weeks.
        """
        now = self.clock.now()
        if name not in self._shoppers or now - self._logged_in[name] > timedelta(days=20):
            self._logged_in[name] = now
            answer = self.anonymous.post("/auth/wechat-sessions", {"code": f"demo:{name}"})
            assert answer.status_code == 201, answer.text
            body = answer.json
            assert body is not None
            self._shoppers[name] = Caller(self.app, body["token"], body["shopper"]["id"])
        return self._shoppers[name]

    def staff(self, role: str, name: str = "") -> Caller:
        """Return a logged-in member of staff with the role; `name` makes a second one."""
        name = name or role
        if name not in self._staff:
            self._staff[name] = self._hire(role, name)
        return self._staff[name]

    def _hire(self, role: str, name: str) -> Caller:
        now = self.clock.now()
        with transaction():
            staff = Staff(
                email=f"{name}@groupbuy.example",
                name=name.capitalize(),
                role=role,
                password_hash=nobodys_password(),
                created_at=now,
            )
            session().add(staff)
            session().flush()
        return Caller(self.app, staff_token(staff.id, now), staff.id)


@cache
def nobodys_password() -> str:
    """Return the hash of a password that nobody knows, made once: argon2 takes its time."""
    return PasswordHash((Argon2Hasher(),)).hash(secrets.token_hex())


def staff_token(staff_id: str, now: datetime) -> str:
    """Log a member of staff in without a password, which takes argon2 its time."""
    token = secrets.token_urlsafe(32)
    with transaction():
        session().add(
            LoginSession(
                token_hash=hash_token(token),
                staff_id=staff_id,
                begun_at=now,
                expires_at=now + timedelta(days=400),
            )
        )
    return token
