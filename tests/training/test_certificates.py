"""Issuing, renewing and revoking certificates, and what leaders are told of it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from groupbuy.kernel import books
from groupbuy.kernel import clock as time
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.problems import InvalidInput, NotInThisState, Problem
from groupbuy.kernel.settings import settings
from groupbuy.leaders.models import LeaderQualification
from groupbuy.training.errors import CertificateHeld, NothingToRenew
from groupbuy.training.models import Certificate, CertificateTerm, Lesson
from groupbuy.training.queries import INVARIANTS
from groupbuy.training.queries.certificates import certificate_list, in_state, terms_of
from groupbuy.training.rules.certificates import CertificateState, TermCause
from groupbuy.training.rules.content import LessonKind
from groupbuy.training.services import certificates as services
from groupbuy.training.services import certifications
from tests.factories import assessments, certificates, leaders, training
from tests.rivals import at_once, second_waits_for_first


def passed(certificate: Certificate, lesson: Lesson, at: datetime | None = None) -> None:
    with transaction():
        services.renew_by_pass(
            leader_id=certificate.leader_id,
            lesson_id=lesson.id,
            passed_at=at or time.now(),
            calendar=settings().calendar,
            now=time.now(),
        )


def renewed(certificate: Certificate) -> Certificate:
    return services.renew_by_hand(
        certificate_id=certificate.id,
        reason="Passed on paper.",
        actor=SYSTEM,
        calendar=settings().calendar,
        now=time.now(),
    )


def held(leader_id: str) -> list[tuple[Any, Any, Any]]:
    row = LeaderQualification
    rows = session().execute(
        select(row.from_at, row.until_at, row.ended_at)
        .where(row.leader_id == leader_id)
        .order_by(row.from_at)
    )
    return [(found[0], found[1], found[2]) for found in rows]


def exam() -> tuple[Any, Lesson]:
    program = training.program()
    lesson = training.lesson(training.module(training.course(program)), LessonKind.ASSESSMENT)
    return certificates.certification(program, renewal_lesson_id=lesson.id), lesson


@pytest.fixture(autouse=True)
def _promises_hold(app: Flask) -> Any:
    yield
    session().flush()
    assert [f.invariant.name for f in books.check(INVARIANTS) if f.faults] == []


def at(day: int, month: int, year: int = 2026) -> datetime:
    """Return noon in Shanghai."""
    return datetime(year, month, day, 4, tzinfo=UTC)


class TestIssuing:
    """Certificates come by themselves, or by hand for a reason."""

    def test_it_certifies_who_completes_the_program(self) -> None:
        program = training.program()
        certification = certificates.certification(program)
        certificates.certification(program, published=False)
        certificates.certification()
        enrollment = certificates.completed(program)
        (issued,) = session().scalars(select(Certificate))
        assert (issued.leader_id, issued.certification_id) == (
            enrollment.leader_id,
            certification.id,
        )
        assert (issued.issued_at, issued.expires_on) == (time.now(), date(2027, 3, 2))
        (term,) = terms_of(issued.id)
        until = datetime(2027, 3, 2, 16, tzinfo=UTC)
        assert (term.cause, term.starts_at, term.until_at) == (
            TermCause.PROGRAM_COMPLETED,
            time.now(),
            until,
        )
        assert held(enrollment.leader_id) == [(time.now(), until, None)]

    def test_it_issues_once(self) -> None:
        program = training.program()
        certificates.certification(program)
        enrollment = certificates.completed(program)
        with transaction():
            services.certify(enrollment=enrollment, calendar=settings().calendar, now=time.now())
        assert session().query(Certificate).count() == 1
        assert session().query(CertificateTerm).count() == 1

    def test_it_counts_by_hand_from_the_day_it_was_earned_but_holds_from_now(self) -> None:
        certification = certificates.certification()
        issued = certificates.certificate(certification, earned_on=date(2025, 12, 1))
        assert issued.expires_on == date(2026, 12, 1)
        assert held(issued.leader_id)[0][0] == time.now()

    def test_it_refuses_what_would_have_expired_or_is_still_to_come(self) -> None:
        certification = certificates.certification()
        for day in (date(2025, 3, 1), date(2026, 3, 3)):
            with pytest.raises(InvalidInput):
                certificates.certificate(certification, earned_on=day)

    def test_it_refuses_a_second_one_until_the_first_is_revoked(self, clock: ManualClock) -> None:
        certification, mei = certificates.certification(), leaders.leader()
        first = certificates.certificate(certification, mei)
        clock.at = at(1, 6, 2027)
        with pytest.raises(CertificateHeld) as refused:
            certificates.certificate(certification, mei)
        assert refused.value.members == {"certificate_id": first.id}
        certificates.revoked(first)
        assert certificates.certificate(certification, mei).number != first.number

    def test_it_issues_nothing_of_a_certification_that_is_retired(self) -> None:
        program = training.program()
        certification = certificates.certification(program)
        with transaction():
            certifications.retire_certification(
                certification_id=certification.id, actor=SYSTEM, now=time.now()
            )
        certificates.completed(program)
        assert session().query(Certificate).count() == 0
        with pytest.raises(NotInThisState):
            certificates.certificate(certification)

    def test_it_keeps_the_terms_under_which_it_was_issued(self, clock: ManualClock) -> None:
        certification = certificates.certification()
        issued = certificates.certificate(certification)
        with transaction():
            certifications.edit_certification(
                certification_id=certification.id,
                if_match=certification.version,
                validity_days=30,
                renewal_window_days=5,
                title_en="Something else",
                actor=SYSTEM,
                now=time.now(),
            )
        clock.at = at(1, 2, 2027)
        with transaction():
            renewed(issued)
        assert (issued.title_en, issued.expires_on) == ("Fresh goods", date(2028, 3, 1))

    def test_it_issues_for_good(self, clock: ManualClock) -> None:
        issued = certificates.certificate(certificates.certification(validity_days=0))
        assert (issued.expires_on, held(issued.leader_id)[0][1]) == (None, None)
        clock.at = at(1, 6, 2030)
        with pytest.raises(NothingToRenew) as refused:
            renewed(issued)
        assert refused.value.members == {"renewable_from": None}


class TestRenewal:
    """A pass renews: from the old expiry within the window, afterwards from itself."""

    def test_it_extends_from_the_old_expiry_within_the_window(self, clock: ManualClock) -> None:
        certification, lesson = exam()
        issued = certificates.certificate(certification)
        clock.at = at(31, 12)
        passed(issued, lesson)
        assert len(terms_of(issued.id)) == 1
        clock.at = at(1, 1, 2027)
        passed(issued, lesson)
        passed(issued, lesson)
        first, second = terms_of(issued.id)
        assert (issued.expires_on, second.starts_at) == (date(2028, 3, 1), first.until_at)
        assert [row[:2] for row in held(issued.leader_id)] == [
            (issued.issued_at, first.until_at),
            (first.until_at, second.until_at),
        ]

    def test_it_counts_from_completion_after_the_expiry(self, clock: ManualClock) -> None:
        certification, lesson = exam()
        issued = certificates.certificate(certification)
        clock.at = at(12, 3, 2027)
        assert issued.state_on(date(2027, 3, 12)) == CertificateState.EXPIRED
        passed(issued, lesson)
        assert issued.expires_on == date(2028, 3, 11)
        assert terms_of(issued.id)[1].starts_at == time.now()

    def test_it_counts_a_pass_in_time_that_is_graded_late(self, clock: ManualClock) -> None:
        certification, lesson = exam()
        issued = certificates.certificate(certification)
        clock.at = at(5, 3, 2027)
        passed(issued, lesson, at(2, 3, 2027))
        first, second = terms_of(issued.id)
        assert (second.starts_at, issued.expires_on) == (first.until_at, date(2028, 3, 1))
        assert held(issued.leader_id)[1][0] == time.now()

    def test_it_ignores_another_lesson_another_leader_and_what_is_too_old(
        self, clock: ManualClock
    ) -> None:
        certification, lesson = exam()
        issued = certificates.certificate(certification)
        other = certificates.certificate(certification)
        _, another = exam()
        clock.at = at(1, 2, 2027)
        passed(issued, another)
        passed(issued, lesson, at(1, 12))
        passed(certificates.revoked(other), lesson)
        assert session().query(CertificateTerm).count() == 2

    def test_it_says_from_when_on_it_can_be_renewed(self, clock: ManualClock) -> None:
        issued = certificates.certificate(certificates.certification())
        with pytest.raises(NothingToRenew) as refused, transaction():
            renewed(issued)
        assert refused.value.members == {"renewable_from": "2027-01-01"}

    def test_it_renews_what_is_retired(self, clock: ManualClock) -> None:
        certification, lesson = exam()
        issued = certificates.certificate(certification)
        with transaction():
            certifications.retire_certification(
                certification_id=certification.id, actor=SYSTEM, now=time.now()
            )
        clock.at = at(1, 2, 2027)
        passed(issued, lesson)
        assert issued.expires_on == date(2028, 3, 1)


class TestRevocation:
    """A revocation is final, and ends at once what the certificate opened."""

    def test_it_ends_every_term(self, clock: ManualClock) -> None:
        certification, lesson = exam()
        issued = certificates.certificate(certification)
        clock.at = at(1, 2, 2027)
        passed(issued, lesson)
        certificates.revoked(issued)
        assert [row[2] for row in held(issued.leader_id)] == [time.now()] * 2
        with pytest.raises(NotInThisState):
            certificates.revoked(issued)
        with pytest.raises(NotInThisState):
            renewed(issued)

    def test_it_is_never_taken_back_nor_is_anything_else_changed(self) -> None:
        issued = certificates.revoked(certificates.certificate(certificates.certification()))
        certificates.certificate(certificates.certification())
        for change in (
            "update certificates set revoked_at = null, revoked_by = null, revocation_reason = ''",
            "update certificates set number = 'x' where revoked_at is null",
            "update certificates set expires_on = issued_at where revoked_at is null",
            "delete from certificates",
            "update certificate_terms set reason = 'x'",
            "update leader_qualifications set ended_at = null",
            "update leader_qualifications set until_at = null where ended_at is null",
            "delete from leader_qualifications",
        ):
            with pytest.raises(DBAPIError), session().begin_nested():
                session().execute(text(change))
        assert issued.revocation_reason == "Copied."


class TestLists:
    """The state in SQL is that of the rule."""

    def test_it_filters_by_state_as_the_rule_says(self, clock: ManualClock) -> None:
        certification = certificates.certification()
        certificates.certificate(certification)
        certificates.certificate(certification, earned_on=date(2025, 4, 1))
        certificates.certificate(certificates.certification(validity_days=0))
        certificates.revoked(certificates.certificate(certification))
        rows = list(session().scalars(select(Certificate)))
        for ahead in range(0, 800, 30):
            today = date(2026, 3, 2) + timedelta(days=ahead)
            for state in list(CertificateState)[1:]:
                found = set(session().scalars(select(Certificate.id).where(in_state(state, today))))
                assert found == {row.id for row in rows if row.state_on(today) == state}

    def test_it_reads_a_page_in_two_statements(self, count_statements: Callable[[], Any]) -> None:
        certification = certificates.certification()
        for _ in range(5):
            certificates.certificate(certification)
        with count_statements() as statements:
            page = certificate_list(today=date(2026, 3, 2), limit=10, cursor=None)
        assert (len(page.items), len(statements)) == (5, 2)


@pytest.mark.committed
class TestRaces:
    """Two at once do it once."""

    def certified(self) -> tuple[Certificate, Lesson]:
        certification, lesson = exam()
        return certificates.certificate(certification), lesson

    def test_it_issues_one_when_the_program_is_completed_twice(self, app: Flask) -> None:
        program = training.program()
        certificates.certification(program)
        enrollment = training.enrolled(program=program)

        def complete() -> None:
            services.certify(enrollment=enrollment, calendar=settings().calendar, now=time.now())

        assert at_once(app, [complete] * 3) == [None] * 3
        assert session().query(Certificate).count() == 1

    def test_it_renews_once(self, app: Flask, clock: ManualClock) -> None:
        issued, lesson = self.certified()
        clock.at = at(1, 2, 2027)
        assert at_once(app, [lambda: passed(issued, lesson)] * 3) == [None] * 3
        assert len(terms_of(issued.id)) == 2

    @pytest.mark.parametrize("renewal_first", [True, False])
    def test_it_revokes_what_is_renewed_and_renews_nothing_revoked(
        self, app: Flask, clock: ManualClock, renewal_first: bool
    ) -> None:
        issued, _ = self.certified()
        clock.at = at(1, 2, 2027)
        works = [lambda: renewed(issued), lambda: certificates.revoked(issued)]
        first, second = works if renewal_first else reversed(works)
        one, two = second_waits_for_first(app, first, second)
        assert isinstance(one, Certificate)
        assert isinstance(two, Certificate if renewal_first else Problem)
        ended = [row[2] for row in held(issued.leader_id)]
        assert ended == [time.now()] * (2 if renewal_first else 1)


def test_it_renews_by_an_attempt_that_passes(app: Flask, clock: ManualClock) -> None:
    exam = assessments.exam("true_false")
    mei = assessments.pupil(exam)
    certificates.certification(exam.program, renewal_lesson_id=exam.lesson.id)
    assessments.submitted(exam, mei)
    issued = session().query(Certificate).one()
    assert len(terms_of(issued.id)) == 1
    clock.at = at(1, 2, 2027)
    assessments.submitted(exam, mei, right=0)
    assert len(terms_of(issued.id)) == 1
    assessments.submitted(exam, mei)
    assert [term.cause for term in terms_of(issued.id)] == [
        TermCause.PROGRAM_COMPLETED,
        TermCause.ASSESSMENT_PASSED,
    ]
    assert issued.expires_on == date(2028, 3, 1)
