"""Certifications of the school, and who is certified."""

import itertools
from datetime import date
from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import transaction
from groupbuy.kernel.settings import settings
from groupbuy.leaders.models import Leader
from groupbuy.training.models import Certificate, Certification, Enrollment, Program
from groupbuy.training.services import certificates, certifications
from groupbuy.training.services.marking import mark
from tests.factories import leaders, training

_numbers = itertools.count(1)


def certification(
    program: Program | None = None, *, published: bool = True, **fields: Any
) -> Certification:
    """Make a certification of a program (a new one if left out), valid for a year."""
    program = program or training.program()
    told = {
        "code": f"skill-{next(_numbers)}",
        "title_zh": "生鲜经营",
        "title_en": "Fresh goods",
        "validity_days": 365,
        "renewal_window_days": 60,
        "renewal_lesson_id": None,
        **fields,
    }
    with transaction():
        made = certifications.draft_certification(
            program_id=program.id, **told, actor=SYSTEM, now=clock.now()
        )
        if published:
            certifications.publish_certification(
                certification_id=made.id, actor=SYSTEM, now=clock.now()
            )
    return made


def certificate(
    certification: Certification, leader: Leader | None = None, *, earned_on: date | None = None
) -> Certificate:
    """Certify a leader (a new one if left out) by hand."""
    leader = leader or leaders.leader()
    with transaction():
        return certificates.issue_by_hand(
            certification_id=certification.id,
            leader_id=leader.id,
            reason="Trained before.",
            earned_on=earned_on,
            actor=SYSTEM,
            calendar=settings().calendar,
            now=clock.now(),
        )


def revoked(certificate: Certificate) -> Certificate:
    """Revoke a certificate."""
    with transaction():
        return certificates.revoke(
            certificate_id=certificate.id, reason="Copied.", actor=SYSTEM, now=clock.now()
        )


def completed(program: Program, leader: Leader | None = None) -> Enrollment:
    """Let a leader (a new one if left out) complete a program of one new lesson."""
    lesson = training.lesson(training.module(training.course(program)))
    enrollment = training.enrolled(leader, program=program)
    with transaction():
        mark(leader_id=enrollment.leader_id, lesson_id=lesson.id, completed=True, now=clock.now())
    return enrollment
