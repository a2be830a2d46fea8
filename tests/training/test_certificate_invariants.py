"""Books that were spoilt by hand are found out."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from groupbuy.kernel import books
from groupbuy.kernel import clock as time
from groupbuy.kernel.db import session
from groupbuy.leaders import services as leaders
from groupbuy.training.models import Certificate, CertificateTerm
from groupbuy.training.queries.certificate_invariants import INVARIANTS
from groupbuy.training.queries.certificates import terms_of
from groupbuy.training.rules.certificates import TermCause
from tests.factories import certificates

pytestmark = pytest.mark.breaks_books


@pytest.fixture
def issued(app: Flask) -> Certificate:
    certificate = certificates.certificate(certificates.certification())
    assert broken() == []
    return certificate


def broken() -> list[str]:
    session().flush()
    return [finding.invariant.name for finding in books.check(INVARIANTS) if finding.faults]


def test_it_finds_terms_that_overlap(issued: Certificate) -> None:
    (first,) = terms_of(issued.id)
    assert first.until_at is not None
    session().add(
        CertificateTerm(
            certificate_id=issued.id,
            number=2,
            starts_at=first.until_at - timedelta(days=1),
            until_at=first.until_at + timedelta(days=1),
            expires_on=issued.expires_on,
            cause=TermCause.RENEWED_BY_HAND,
            recorded_at=time.now(),
            recorded_by="hua",
        )
    )
    assert broken() == [
        "training.certificate_terms_follow",
        "training.qualifications_are_certified",
    ]


def test_it_finds_two_live_certificates(issued: Certificate) -> None:
    session().execute(text("drop index uq_certificates_one_live"))
    copied = [column.name for column in Certificate.__table__.columns]
    values = ["gen_random_uuid()" if name == "id" else name for name in copied]
    values[copied.index("number")] = "'copied'"
    session().execute(
        text(
            f"insert into certificates ({', '.join(copied)}) "
            f"select {', '.join(values)} from certificates"
        )
    )
    assert "training.one_live_certificate" in broken()


def test_it_finds_qualifications_that_nobody_certified(issued: Certificate) -> None:
    leaders.record_achievement(
        leader_id=issued.leader_id,
        code=issued.qualification,
        from_at=time.now(),
        until_at=None,
        source=f"ctm_{'0' * 32}",
        now=time.now(),
    )
    assert broken() == ["training.qualifications_are_certified"]


def test_it_finds_a_qualification_that_ended_though_the_certificate_holds(
    issued: Certificate,
) -> None:
    (term,) = terms_of(issued.id)
    leaders.end_achievements(sources=[term.id], now=time.now())
    assert broken() == ["training.qualifications_are_certified"]
