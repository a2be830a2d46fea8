"""Reads of certifications and certificates."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Integer, Select, and_, func, or_, select

from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders import queries as leaders
from groupbuy.training.models.certificates import Certificate, CertificateTerm, Certification
from groupbuy.training.models.records import Enrollment
from groupbuy.training.rules.certificates import (
    VALID,
    CertificateState,
    CertificationState,
    masked,
    read_number,
)
from groupbuy.training.rules.completion import percent
from groupbuy.training.rules.content import EnrollmentState

Row = TypeVar("Row", Certificate, Certification)

LIVE = Certificate.revoked_at.is_(None)
"""Of each certification a leader holds at most one such certificate."""


def certification(certification_id: str) -> Certification:
    """Return a certification as it is now, or raise NotFound."""
    return _found(session().get(Certification, certification_id, populate_existing=True))


def locked_certification(certification_id: str, *, read: bool = False) -> Certification:
    """Return a certification, locked (with `read`: kept as it is), or raise NotFound."""
    query = select(Certification).where(Certification.id == certification_id)
    held = query.with_for_update(read=read).execution_options(populate_existing=True)
    return _found(session().scalar(held))


def certification_list(
    *, limit: int, cursor: str | None, state: str | None = None, program: str | None = None
) -> Page[Certification]:
    """Return certifications, the newest first."""
    query = select(Certification)
    if state is not None:
        query = query.where(Certification.state == state)
    if program is not None:
        query = query.where(Certification.program_id == program)
    return paginate(query, by=[Certification.id], limit=limit, cursor=cursor, descending=True)


def certificate(certificate_id: str, *, today: date) -> dict[str, Any]:
    """Return a certificate with its terms as headquarters sees it, or raise NotFound."""
    row = _found(session().get(Certificate, certificate_id, populate_existing=True))
    return {**shown([row], today)[0], "terms": terms_of(row.id)}


def own_certificate(certificate_id: str, *, leader_id: str, today: date) -> dict[str, Any]:
    """Return a leader's own certificate with its terms, or raise NotFound."""
    found = certificate(certificate_id, today=today)
    if found["certificate"].leader_id != leader_id:
        raise NotFound
    return found


def locked_certificate(certificate_id: str) -> Certificate:
    """Return a certificate, locked, or raise NotFound."""
    query = select(Certificate).where(Certificate.id == certificate_id).with_for_update()
    return _found(session().scalar(query.execution_options(populate_existing=True)))


def live_certificate_id(*, leader_id: str, certification_id: str) -> str | None:
    """Return the certificate of a leader that is not revoked."""
    return session().scalar(
        select(Certificate.id).where(
            Certificate.leader_id == leader_id,
            Certificate.certification_id == certification_id,
            LIVE,
        )
    )


def terms_of(certificate_id: str) -> Sequence[CertificateTerm]:
    """Return the periods for which a certificate holds, the first one first."""
    query = select(CertificateTerm).where(CertificateTerm.certificate_id == certificate_id)
    return session().scalars(query.order_by(CertificateTerm.number)).all()


def certificate_list(
    *,
    today: date,
    limit: int,
    cursor: str | None,
    state: str | None = None,
    certification: str | None = None,
    leader: str | None = None,
    expiring_within_days: int | None = None,
) -> Page[dict[str, Any]]:
    """Return certificates, the newest first, in two statements."""
    query = select(Certificate)
    if state is not None:
        query = query.where(in_state(CertificateState(state), today))
    if certification is not None:
        query = query.where(Certificate.certification_id == certification)
    if leader is not None:
        query = query.where(Certificate.leader_id == leader)
    if expiring_within_days is not None:
        last = today + timedelta(days=expiring_within_days)
        query = query.where(LIVE, Certificate.expires_on.between(today, last))
    return _page(query, today, limit, cursor)


def own_certificates(
    *, leader_id: str, today: date, limit: int, cursor: str | None
) -> Page[dict[str, Any]]:
    """Return a leader's certificates, the newest first, in two statements."""
    query = select(Certificate).where(Certificate.leader_id == leader_id)
    return _page(query, today, limit, cursor)


def in_state(state: CertificateState, today: date) -> ColumnElement[bool]:
    """Return the condition under which a certificate is in a state on a day."""
    row = Certificate
    expired = func.coalesce(row.expires_on < today, False)
    opens = row.expires_on - row.renewal_window_days.cast(Integer)
    expiring = and_(func.coalesce(opens <= today, False), ~expired)
    if state == CertificateState.REVOKED:
        return row.revoked_at.is_not(None)
    wanted = {
        CertificateState.EXPIRED: expired,
        CertificateState.EXPIRING: expiring,
        CertificateState.CERTIFIED: ~or_(expired, expiring),
    }[state]
    return and_(LIVE, wanted)


def own_certifications(
    *, leader_id: str, today: date, limit: int, cursor: str | None
) -> Page[dict[str, Any]]:
    """Return what a leader can be certified in, and where the leader stands with each.

    The state is empty for a program that the leader does not learn.
    """
    mine = Certificate.leader_id == leader_id
    held = select(Certificate.certification_id).where(mine, LIVE)
    open_ = or_(Certification.state == CertificationState.PUBLISHED, Certification.id.in_(held))
    page = paginate(
        select(Certification).where(open_), by=[Certification.id], limit=limit, cursor=cursor
    )
    ids = [row.id for row in page.items]
    live = session().scalars(select(Certificate).where(mine, LIVE))
    certificates = {row.certification_id: row for row in live if row.certification_id in ids}
    learnt = session().scalars(
        select(Enrollment).where(
            Enrollment.leader_id == leader_id,
            Enrollment.state != EnrollmentState.WITHDRAWN,
            Enrollment.program_id.in_({row.program_id for row in page.items}),
        )
    )
    enrollments = {row.program_id: row for row in learnt}
    shown = [
        _standing(row, certificates.get(row.id), enrollments.get(row.program_id), today)
        for row in page.items
    ]
    return Page(shown, page.next_cursor)


def _standing(
    certification: Certification,
    held: Certificate | None,
    enrollment: Enrollment | None,
    today: date,
) -> dict[str, Any]:
    state = held.state_on(today) if held else None
    if held is None and enrollment is not None:
        state = CertificateState.IN_PROGRESS
    done = enrollment and percent(done=enrollment.done, required=enrollment.required)
    return {
        "certification": certification,
        "title": certification.title,
        "state": state,
        "percent": done,
        "certificate_id": held and held.id,
    }


def verified(number: str, *, calendar: Calendar, now: datetime) -> dict[str, Any]:
    """Return what anybody may know of the certificate with a number, or raise NotFound."""
    found = by_number(number, calendar=calendar, now=now)
    if found is None:
        raise NotFound
    return found


def by_number(number: str, *, calendar: Calendar, now: datetime) -> dict[str, Any] | None:
    """Return what anybody may know of the certificate with a number, if there is one.

    The holder's name is masked, a revocation is told without its reason, and of a valid one not
    that it expires soon.
    """
    known = read_number(number)
    row = known and session().scalar(select(Certificate).where(Certificate.number == known))
    if not row:
        return None
    state = row.state_on(calendar.day_of(now))
    return {
        "certificate": row,
        "title": row.title,
        "state": CertificateState.CERTIFIED if state in VALID else state,
        "valid": state in VALID,
        "issued_on": calendar.day_of(row.issued_at),
        "holder": masked(leaders.leader(row.leader_id).name),
    }


def shown(rows: Sequence[Certificate], today: date) -> list[dict[str, Any]]:
    """Return certificates with their holder and state, in one statement."""
    holders = leaders.leaders_by_id(row.leader_id for row in rows)
    return [
        {
            "certificate": row,
            "title": row.title,
            "state": row.state_on(today),
            "holder": holders[row.leader_id].name,
        }
        for row in rows
    ]


def _page(
    query: Select[Certificate], today: date, limit: int, cursor: str | None
) -> Page[dict[str, Any]]:
    page = paginate(query, by=[Certificate.id], limit=limit, cursor=cursor, descending=True)
    return Page(shown(page.items, today), page.next_cursor)


def _found(row: Row | None) -> Row:
    if row is None:
        raise NotFound
    return row
