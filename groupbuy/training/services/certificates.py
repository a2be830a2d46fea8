"""Issuing, renewing and revoking certificates, and telling leaders what these qualify for.

A certificate's row is locked before it is renewed or revoked: whoever comes second sees what the
first has done.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel import audit
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput, NotInThisState
from groupbuy.kernel.texts import Text
from groupbuy.leaders import queries as known_leaders
from groupbuy.leaders import services as leaders
from groupbuy.training.errors import CertificateHeld, NothingToRenew
from groupbuy.training.models import Enrollment
from groupbuy.training.models.certificates import (
    ONE_LIVE,
    Certificate,
    CertificateTerm,
    Certification,
)
from groupbuy.training.queries.certificates import (
    LIVE,
    live_certificate_id,
    locked_certificate,
    locked_certification,
    terms_of,
)
from groupbuy.training.rules.certificates import (
    CertificateState,
    CertificationState,
    TermCause,
    first_expiry,
    new_number,
    renewable_from,
    renewed_expiry,
)


def certify(*, enrollment: Enrollment, calendar: Calendar, now: datetime) -> None:
    """Issue what the completion of a program earns; who is certified already stays so."""
    earned = select(Certification).where(
        Certification.program_id == enrollment.program_id,
        Certification.state == CertificationState.PUBLISHED,
    )
    held = earned.order_by(Certification.id).with_for_update(read=True)
    for certification in session().scalars(held):
        _issue(
            certification,
            enrollment.leader_id,
            earned_on=calendar.day_of(now),
            cause=TermCause.PROGRAM_COMPLETED,
            actor=SYSTEM,
            calendar=calendar,
            now=now,
        )


def issue_by_hand(
    *,
    certification_id: str,
    leader_id: str,
    reason: str,
    earned_on: date | None = None,
    actor: Actor,
    calendar: Calendar,
    now: datetime,
) -> Certificate:
    """Certify a leader for a reason; the expiry is counted from the day it was earned.

    It holds from now on, not before.

    Raises:
        NotFound: there is no such certification, or no such leader.
        NotInThisState: the certification is not published.
        CertificateHeld: the leader holds one that is not revoked.
        InvalidInput: it was earned in the future, or so long ago that it has expired.
    """
    certification = locked_certification(certification_id, read=True)
    known_leaders.leader(leader_id)
    if certification.state != CertificationState.PUBLISHED:
        raise NotInThisState(state=certification.state, action="issue")
    today = calendar.day_of(now)
    earned_on = earned_on or today
    expires_on = first_expiry(earned_on, certification.validity_days)
    if earned_on > today or (expires_on is not None and expires_on < today):
        raise InvalidInput.at(
            "/earned_on",
            Text("日期在将来，或证书已过期。", "In the future, or it would have expired by now."),
        )
    issued = _issue(
        certification,
        leader_id,
        earned_on=earned_on,
        cause=TermCause.ISSUED_BY_HAND,
        reason=reason,
        actor=actor,
        calendar=calendar,
        now=now,
    )
    if issued is None:
        held = live_certificate_id(leader_id=leader_id, certification_id=certification_id)
        raise CertificateHeld(certificate_id=held)
    return issued


def renew_by_pass(
    *, leader_id: str, lesson_id: str, passed_at: datetime, calendar: Calendar, now: datetime
) -> None:
    """Renew what a pass of an assessment, submitted at `passed_at`, renews.

    Nothing happens before the window opens, nor when the same pass is told again.
    """
    row = Certificate
    renewed = select(row).where(
        row.leader_id == leader_id, row.renewal_lesson_id == lesson_id, LIVE
    )
    held = renewed.order_by(row.id).with_for_update().execution_options(populate_existing=True)
    for certificate in session().scalars(held).all():
        _renew(
            certificate,
            done_on=calendar.day_of(passed_at),
            cause=TermCause.ASSESSMENT_PASSED,
            actor=SYSTEM,
            calendar=calendar,
            now=now,
        )


def renew_by_hand(
    *, certificate_id: str, reason: str, actor: Actor, calendar: Calendar, now: datetime
) -> Certificate:
    """Renew a certificate today, for a reason.

    Raises:
        NotFound: there is no such certificate.
        NotInThisState: it is revoked.
        NothingToRenew: the window has not opened, or it holds for good.
    """
    certificate = locked_certificate(certificate_id)
    _refuse_revoked(certificate, "renew")
    done = _renew(
        certificate,
        done_on=calendar.day_of(now),
        cause=TermCause.RENEWED_BY_HAND,
        reason=reason,
        actor=actor,
        calendar=calendar,
        now=now,
    )
    if not done:
        expiry, window = certificate.expires_on, certificate.renewal_window_days
        opens_on = renewable_from(expiry, window).isoformat() if expiry else None
        raise NothingToRenew(renewable_from=opens_on)
    return certificate


def revoke(*, certificate_id: str, reason: str, actor: Actor, now: datetime) -> Certificate:
    """Revoke a certificate for good; what it qualified for ends at once.

    Raises:
        NotFound: there is no such certificate.
        NotInThisState: it is revoked already.
    """
    certificate = locked_certificate(certificate_id)
    _refuse_revoked(certificate, "revoke")
    certificate.revoked_at = now
    certificate.revoked_by = actor.label
    certificate.revocation_reason = reason
    session().flush()
    leaders.end_achievements(sources=[term.id for term in terms_of(certificate.id)], now=now)
    _note("revoke", certificate, actor, now, reason=reason)
    return certificate


def _issue(
    certification: Certification,
    leader_id: str,
    *,
    earned_on: date,
    cause: TermCause,
    reason: str = "",
    actor: Actor,
    calendar: Calendar,
    now: datetime,
) -> Certificate | None:
    """Issue a certificate, or None if the leader holds one that is not revoked."""
    expires_on = first_expiry(earned_on, certification.validity_days)
    issuing = insert(Certificate).values(
        number=new_number(calendar.day_of(now).year),
        certification_id=certification.id,
        leader_id=leader_id,
        qualification=certification.code,
        title_zh=certification.title_zh,
        title_en=certification.title_en,
        validity_days=certification.validity_days,
        renewal_window_days=certification.renewal_window_days,
        renewal_lesson_id=certification.renewal_lesson_id,
        issued_at=now,
        issued_by=actor.label,
        issue_reason=reason,
        expires_on=expires_on,
    )
    once = issuing.on_conflict_do_nothing(
        index_elements=["leader_id", "certification_id"], index_where=ONE_LIVE
    )
    issued = session().scalars(once.returning(Certificate)).one_or_none()
    if issued is None:
        return None
    term = CertificateTerm(number=1, starts_at=now, expires_on=expires_on, cause=cause)
    _begin(issued, term, reason=reason, actor=actor, calendar=calendar, now=now)
    _note("issue", issued, actor, now, cause=cause, reason=reason)
    return issued


def _renew(
    certificate: Certificate,
    *,
    done_on: date,
    cause: TermCause,
    reason: str = "",
    actor: Actor,
    calendar: Calendar,
    now: datetime,
) -> bool:
    """Add a term to a locked certificate; False if there is nothing to renew."""
    before = certificate.expires_on
    if before is None:
        return False
    expires_on = renewed_expiry(
        before,
        done_on,
        validity_days=certificate.validity_days,
        window_days=certificate.renewal_window_days,
    )
    if expires_on is None or expires_on < calendar.day_of(now):
        return False
    last = terms_of(certificate.id)[-1]
    assert last.until_at is not None, "a certificate that expires has terms that end"
    starts_at = last.until_at if done_on <= before else max(last.until_at, now)
    term = CertificateTerm(
        number=last.number + 1, starts_at=starts_at, expires_on=expires_on, cause=cause
    )
    certificate.expires_on = expires_on
    session().flush()
    _begin(certificate, term, reason=reason, actor=actor, calendar=calendar, now=now)
    _note("renew", certificate, actor, now, cause=cause, reason=reason)
    return True


def _begin(
    certificate: Certificate,
    term: CertificateTerm,
    *,
    reason: str,
    actor: Actor,
    calendar: Calendar,
    now: datetime,
) -> None:
    """Write a term down, and tell leaders for how long it qualifies."""
    term.certificate_id = certificate.id
    term.reason, term.recorded_by, term.recorded_at = reason, actor.label, now
    if term.expires_on is not None:
        term.until_at = calendar.midnight(term.expires_on + timedelta(days=1))
    session().add(term)
    session().flush()
    leaders.record_achievement(
        leader_id=certificate.leader_id,
        code=certificate.qualification,
        from_at=term.starts_at,
        until_at=term.until_at,
        source=term.id,
        now=now,
    )


def _refuse_revoked(certificate: Certificate, action: str) -> None:
    if certificate.revoked_at is not None:
        raise NotInThisState(state=CertificateState.REVOKED, action=action)


def _note(
    action: str, certificate: Certificate, actor: Actor, now: datetime, **facts: object
) -> None:
    audit.record(
        actor=actor,
        action=f"certificate.{action}",
        subject=certificate.id,
        now=now,
        leader=certificate.leader_id,
        number=certificate.number,
        expires_on=certificate.expires_on and certificate.expires_on.isoformat(),
        **facts,
    )
