"""Reads of identity."""

from datetime import datetime

from sqlalchemy import bindparam, select

from groupbuy.identity.models import LoginSession, Shopper, Staff
from groupbuy.identity.rules import PERMISSIONS, Role, permits
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.personal import PersonalData
from groupbuy.kernel.problems import NotFound

# Built once: every request asks it.
_ACTOR = (
    select(LoginSession.id, LoginSession.shopper_id, Staff.id, Staff.role)
    .outerjoin(Staff, Staff.id == LoginSession.staff_id)
    .where(
        LoginSession.token_hash == bindparam("hash"),
        LoginSession.revoked_at.is_(None),
        LoginSession.expires_at > bindparam("now"),
        Staff.active.is_not(False),
    )
)


def actor_of(*, token_hash: bytes, now: datetime) -> Actor | None:
    """Return who holds a token at `now`, role read live, in one statement; None if nobody."""
    row = session().execute(_ACTOR, {"hash": token_hash, "now": now}).one_or_none()
    if row is None:
        return None
    session_id, shopper_id, staff_id, role = row
    if shopper_id is not None:
        return Actor(kind="shopper", id=shopper_id, role=Role.SHOPPER, session_id=session_id)
    return Actor(kind="staff", id=staff_id, role=role, session_id=session_id)


def shopper(shopper_id: str) -> Shopper:
    """Return a shopper, or raise NotFound."""
    found = session().get(Shopper, shopper_id)
    if found is None:
        raise NotFound
    return found


def staff_member(staff_id: str) -> Staff:
    """Return a member of staff, or raise NotFound."""
    found = session().get(Staff, staff_id)
    if found is None:
        raise NotFound
    return found


def staff_by_email(email: str) -> Staff | None:
    """Return the member of staff with this email, whatever its case."""
    return session().scalar(select(Staff).where(Staff.email == email.lower()))


def staff_list(
    *, limit: int, cursor: str | None, role: str | None = None, active: bool | None = None
) -> Page[Staff]:
    """Return staff in order of creation."""
    query = select(Staff)
    if role is not None:
        query = query.where(Staff.role == role)
    if active is not None:
        query = query.where(Staff.active.is_(active))
    return paginate(query, by=[Staff.id], limit=limit, cursor=cursor)


def audit_log(
    *,
    limit: int,
    cursor: str | None,
    subject: str | None = None,
    actor_id: str | None = None,
    action: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Page[AuditEntry]:
    """Return the audit log, newest first, of the time [since, until)."""
    query = select(AuditEntry)
    wanted = {
        AuditEntry.subject: subject,
        AuditEntry.actor_id: actor_id,
        AuditEntry.action: action,
    }
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    if until is not None:
        query = query.where(AuditEntry.at < until)
    return paginate(query, by=[AuditEntry.id], limit=limit, cursor=cursor, descending=True)


def audit_head() -> dict[str, object]:
    """Return the end of the audit log's chain, and how many entries wait for their place."""
    last = audit.head()
    return {"sequence": last.sequence, "digest": last.digest, "unlinked": audit.unlinked()}


def role_table() -> list[dict[str, object]]:
    """Return each role with its permissions, from the one table."""
    return [
        {
            "role": role.value,
            "permissions": [p for p in PERMISSIONS if permits(role, p)],
        }
        for role in Role
    ]


INVARIANTS = (audit.CHAIN,)

PERSONAL = (
    PersonalData(
        "profile",
        "select openid, unionid, name, registered_at, last_login_at, member_until from shoppers "
        "where id = :shopper",
        # Who logs in again with the same WeChat account is somebody new to us.
        erase=(
            "update shoppers set openid = 'erased:' || id, unionid = null, name = '', "
            "member_until = null "
            "where id = :shopper",
        ),
    ),
    PersonalData(
        "logins",
        "select begun_at, expires_at, revoked_at from login_sessions "
        "where shopper_id = :shopper order by begun_at",
        erase=("delete from login_sessions where shopper_id = :shopper",),
    ),
)
