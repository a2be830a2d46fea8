"""Completing and passing are separate facts; what a lesson asks joins them (cmi5 `moveOn`)."""

from enum import StrEnum


class MoveOn(StrEnum):
    """What a lesson asks for before a leader moves on, in the terms of cmi5.

    Source: cmi5 specification, section 10.2.4, `moveOn`.
    """

    NOT_APPLICABLE = "not_applicable"
    COMPLETED = "completed"
    PASSED = "passed"
    COMPLETED_AND_PASSED = "completed_and_passed"
    COMPLETED_OR_PASSED = "completed_or_passed"


SATISFIED = """\
waived_at is not null or case move_on
    when 'not_applicable' then true
    when 'completed' then completed_at is not null
    when 'passed' then passed_at is not null
    when 'completed_and_passed' then completed_at is not null and passed_at is not null
    else completed_at is not null or passed_at is not null
end"""
"""`satisfied` in SQL: a generated column, so that nobody can write it."""


def satisfied(move_on: MoveOn, *, completed: bool, passed: bool, waived: bool = False) -> bool:
    """Tell whether what a lesson asks is done."""
    match move_on:
        case MoveOn.NOT_APPLICABLE:
            enough = True
        case MoveOn.COMPLETED:
            enough = completed
        case MoveOn.PASSED:
            enough = passed
        case MoveOn.COMPLETED_AND_PASSED:
            enough = completed and passed
        case MoveOn.COMPLETED_OR_PASSED:
            enough = completed or passed
    return waived or enough


def percent(*, done: int, required: int) -> int:
    """Return floor(100 x done / required): 100 only when all is done, 0 if nothing is asked yet."""
    return min(100, 100 * done // required) if required else 0
