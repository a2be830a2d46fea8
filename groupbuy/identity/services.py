"""Logging in and out, and managing staff."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from groupbuy.identity import queries
from groupbuy.identity.errors import (
    CannotEraseYet,
    OwnAccountProtected,
    StaffEmailTaken,
    WrongCredentials,
)
from groupbuy.identity.models import Erasure, LoginSession, Shopper, Staff
from groupbuy.kernel import audit, personal
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import StaleVersion

_passwords = PasswordHash((Argon2Hasher(),))
_NOBODY = _passwords.hash(secrets.token_hex())


def hash_token(token: str) -> bytes:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def begin_shopper_session(
    *, openid: str, unionid: str | None, name: str = "", days: int, now: datetime
) -> dict[str, Any]:
    """Log a WeChat user in, registering them at the first time, in one upsert.

    Returns: `{token, expires_at, shopper}`; the token is 256 random bits, kept only as a hash.
    """
    registration = insert(Shopper).values(
        id=new_id("shp"),
        openid=openid,
        unionid=unionid,
        name=name,
        registered_at=now,
        last_login_at=now,
    )
    known_unionid = func.coalesce(registration.excluded.unionid, Shopper.unionid)
    upsert = registration.on_conflict_do_update(
        index_elements=["openid"], set_={"last_login_at": now, "unionid": known_unionid}
    ).returning(Shopper)
    shopper = session().scalars(upsert, execution_options={"populate_existing": True}).one()
    token, expires_at = _begin(now=now, lasting=timedelta(days=days), shopper_id=shopper.id)
    return {"token": token, "expires_at": expires_at, "shopper": shopper}


def begin_staff_session(*, email: str, password: str, hours: int, now: datetime) -> dict[str, Any]:
    """Log a member of staff in.

    A wrong email costs the same time as a wrong password, so neither can be told from outside.

    Raises:
        WrongCredentials: email or password wrong, or the account is closed.
    """
    staff = queries.staff_by_email(email)
    valid = _passwords.verify(password, staff.password_hash if staff else _NOBODY)
    if staff is None or not valid or not staff.active:
        raise WrongCredentials
    token, expires_at = _begin(now=now, lasting=timedelta(hours=hours), staff_id=staff.id)
    return {"token": token, "expires_at": expires_at, "staff": staff}


def end_session(*, session_id: str, now: datetime) -> None:
    """Revoke a login; ending it twice changes nothing."""
    session().execute(
        update(LoginSession)
        .where(LoginSession.id == session_id, LoginSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def edit_shopper(*, shopper_id: str, name: str) -> Shopper:
    """Change what a shopper may change about themselves."""
    shopper = queries.shopper(shopper_id)
    shopper.name = name
    session().flush()
    return shopper


def erase(*, shopper_id: str, actor: Actor, now: datetime) -> Erasure:
    """Erase what is kept about a shopper, and end their logins; what law has us keep stays.

    Raises:
        CannotEraseYet: with every reason, such as an order on its way.
    """
    session().execute(select(Shopper.id).where(Shopper.id == shopper_id).with_for_update())
    reasons = personal.obstacles(shopper_id=shopper_id)
    if reasons:
        raise CannotEraseYet(reasons=reasons)
    personal.erase(shopper_id=shopper_id)
    erasure = Erasure(shopper_id=shopper_id, erased_at=now)
    session().add(erasure)
    audit.record(actor=actor, action="shopper.erase", subject=shopper_id, now=now)
    session().flush()
    return erasure


def set_membership(
    *, shopper_id: str, member_until: datetime | None, reason: str, actor: Actor, now: datetime
) -> Shopper:
    """Let a shopper be a member until an instant, or no longer; it counts from the next quote on.

    Raises:
        NotFound: there is no such shopper.
    """
    shopper = queries.shopper(shopper_id)
    shopper.member_until = member_until
    session().flush()
    audit.record(
        actor=actor,
        action="shopper.membership",
        subject=shopper_id,
        now=now,
        member_until=member_until.isoformat() if member_until else None,
        reason=reason,
    )
    return shopper


def create_staff(
    *, email: str, name: str, role: str, password: str, actor: Actor, now: datetime
) -> Staff:
    """Add a member of staff.

    Raises:
        StaffEmailTaken: the email is in use, whatever its case.
    """
    staff = Staff(
        email=email.lower(),
        name=name,
        role=role,
        password_hash=_passwords.hash(password),
        created_at=now,
    )
    try:
        with session().begin_nested():
            session().add(staff)
    except IntegrityError as error:
        raise StaffEmailTaken from error
    audit.record(actor=actor, action="staff.create", subject=staff.id, now=now, role=role)
    return staff


def edit_staff(
    *, staff_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> Staff:
    """Change name, role, password or whether the account is open.

    A changed role or password, or a closed account, ends every login of that person.

    Raises:
        OwnAccountProtected: the role or openness of one's own account.
        StaleVersion: it changed since it was read.
    """
    staff = queries.staff_member(staff_id)
    if staff.version != if_match:
        raise StaleVersion
    if staff.id == actor.id and changes.keys() & {"role", "active"}:
        raise OwnAccountProtected
    password = changes.pop("password", None)
    if password is not None:
        staff.password_hash = _passwords.hash(password)
    for field, value in changes.items():
        setattr(staff, field, value)
    if password is not None or changes.keys() & {"role", "active"}:
        _end_all_sessions(staff_id=staff.id, now=now)
    session().flush()
    audit.record(
        actor=actor, action="staff.edit", subject=staff.id, now=now, changed=sorted(changes)
    )
    return staff


def _begin(*, now: datetime, lasting: timedelta, **person: str) -> tuple[str, datetime]:
    token = secrets.token_urlsafe(32)
    expires_at = now + lasting
    session().add(
        LoginSession(token_hash=hash_token(token), begun_at=now, expires_at=expires_at, **person)
    )
    return token, expires_at


def _end_all_sessions(*, staff_id: str, now: datetime) -> None:
    session().execute(
        update(LoginSession)
        .where(LoginSession.staff_id == staff_id, LoginSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )
