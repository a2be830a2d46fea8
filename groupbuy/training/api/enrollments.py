"""Enrolments and waivers over HTTP, for headquarters."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.kernel.problems import NotFound
from groupbuy.training import errors
from groupbuy.training.models import Enrollment, LessonRecord
from groupbuy.training.queries import enrollments as queries
from groupbuy.training.schemas.enrollments import (
    EnrollmentBody,
    EnrollmentQuery,
    EnrollmentSchema,
    EnrollmentsSchema,
    EnrollmentWithdrawalBody,
    WaiverBody,
    WaiverQuery,
    WaiverSchema,
)
from groupbuy.training.services import enrolling, waiving

api = Api(
    "training_enrollments",
    __name__,
    url_prefix="/api/v1",
    description="The business school: who learns what",
)

READ, EDIT = "training.read", "training.edit"
ENROLLMENTS, WAIVERS = "/hq/enrollments", "/hq/waivers"
SOME = "0198f3c2a7b47d1e" * 2
WHO = {"program_id": f"prg_{SOME}", "leader_ids": [f"ldr_{SOME}"]}
SPARED = {
    "leader_id": f"ldr_{SOME}",
    "lesson_id": f"lsn_{SOME}",
    "reason": "She taught this lesson last year.",
}


@api.get(ENROLLMENTS, allow=READ, query=EnrollmentQuery, returns=page_of(EnrollmentSchema))
def list_enrollments(actor: Actor, query: dict[str, Any]) -> Page[Enrollment]:
    """List who learns what, the newest first."""
    return queries.enrollment_list(**query)


@api.post(
    ENROLLMENTS,
    allow=EDIT,
    body=EnrollmentBody,
    returns=EnrollmentsSchema,
    status=201,
    idempotent=True,
    problems=[errors.NotTaught],
    example=WHO,
)
def enroll_leaders(actor: Actor, body: dict[str, Any]) -> dict[str, list[Enrollment]]:
    """Enrol leaders in a program; who learns it already goes on, who left comes back."""
    with transaction():
        return {"items": enrolling.enroll_leaders(**body, actor=actor, now=clock.now())}


@api.get(f"{ENROLLMENTS}/<id(enr):enrollment_id>", allow=READ, returns=EnrollmentSchema)
def show_enrollment(actor: Actor, enrollment_id: str) -> Enrollment:
    """Show how far a leader is with a program."""
    return queries.enrollment(enrollment_id)


@api.post(
    f"{ENROLLMENTS}/withdrawal",
    allow=EDIT,
    body=EnrollmentWithdrawalBody,
    returns=EnrollmentsSchema,
    example={**WHO, "reason": "They changed to another track."},
)
def withdraw_leaders(actor: Actor, body: dict[str, Any]) -> dict[str, list[Enrollment]]:
    """Take leaders out of a program, all or none; what they have done is kept."""
    with transaction():
        return {"items": enrolling.withdraw_leaders(**body, actor=actor, now=clock.now())}


@api.get(WAIVERS, allow=READ, query=WaiverQuery, returns=page_of(WaiverSchema))
def list_waivers(actor: Actor, query: dict[str, Any]) -> Page[LessonRecord]:
    """List which lessons leaders are spared, the newest first."""
    return queries.waiver_list(**query)


@api.post(
    WAIVERS,
    allow=EDIT,
    body=WaiverBody,
    returns=WaiverSchema,
    status=201,
    idempotent=True,
    problems=[errors.NotTaught, errors.AlreadyWaived],
    example=SPARED,
)
def waive_lesson(actor: Actor, body: dict[str, Any]) -> LessonRecord:
    """Spare a leader a lesson, for a reason: it counts as done."""
    with transaction():
        return waiving.waive(**body, actor=actor, now=clock.now())


@api.post(f"{WAIVERS}/revocation", allow=EDIT, body=WaiverBody, problems=[NotFound], example=SPARED)
def revoke_waiver(actor: Actor, body: dict[str, Any]) -> None:
    """Spare a leader a lesson no longer; a program that was completed by it stays so."""
    with transaction():
        waiving.revoke_waiver(**body, actor=actor, now=clock.now())
