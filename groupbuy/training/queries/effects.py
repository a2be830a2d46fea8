"""Training against sales: what leaders sold before and after they began or completed a program."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Subquery, func, select, tuple_

from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import session
from groupbuy.kernel.texts import Text
from groupbuy.training.models import Certificate, Certification, CohortMember, Enrollment, Program
from groupbuy.training.queries.outcomes import Compared, compared, comparison, figures, month_of
from groupbuy.training.rules.effects import CAUTION, COLUMNS, Since


@dataclass(frozen=True, slots=True)
class Effect:
    """The leaders who began or completed a program in a month, or were certified.

    `month` is None for all of the program together.
    """

    program_id: str
    title: Text
    month: str | None
    sales: Compared


def effects(
    *,
    since: str,
    months: int,
    first: str,
    last: str,
    calendar: Calendar,
    least: int,
    program: str | None = None,
    cohort: str | None = None,
) -> Sequence[Effect]:
    """Return what leaders sold around a program, by month, in one statement.

    Args:
        since: what is compared before and after (see `Since`).
        months: so many on each side.
        first, last: the months in which it happened.
        least: the averages of fewer are left out.
        program, cohort: only this one, only who is or was in that one.

    Who left a program counts as having begun it: else only the successful would be looked at.
    """
    events = _events(Since(since), first, last, calendar, program, cohort)
    sales = compared(events, months)
    rows = session().execute(
        select(
            Program.id,
            Program.title_zh,
            Program.title_en,
            events.c.month,
            func.count(),
            *figures(sales),
        )
        .select_from(events)
        .join(Program, Program.id == events.c.program_id)
        .outerjoin(sales, sales.c.id == events.c.id)
        .group_by(
            func.grouping_sets(
                tuple_(Program.id),
                tuple_(Program.id, events.c.month),
            )
        )
        .order_by(Program.position, Program.id, events.c.month.nulls_first())
    )
    return [
        Effect(
            program_id,
            Text(title_zh, title_en),
            month,
            comparison(size, numbers, months=months, least=least),
        )
        for program_id, title_zh, title_en, month, size, *numbers in rows
    ]


def effect_rows(found: Iterable[Effect], language: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a sheet, and one that says what the numbers do not."""
    for effect in found:
        sales = {column.key: getattr(effect.sales, column.key) for column in COLUMNS[2:]}
        yield {"program": effect.title.to(language), "month": effect.month, **sales}
    yield {**dict.fromkeys(column.key for column in COLUMNS), "program": CAUTION.to(language)}


def _events(
    since: Since,
    first: str,
    last: str,
    calendar: Calendar,
    program: str | None,
    cohort: str | None,
) -> Subquery:
    row: Any
    at: Any
    query: Select[Any]
    if since is Since.CERTIFIED:
        row, at = Certificate, Certificate.issued_at
        query = select(row.id, row.leader_id, Certification.program_id).join(
            Certification, Certification.id == row.certification_id
        )
        of = Certification.program_id
    else:
        enrolled = since is Since.ENROLLED
        at = Enrollment.enrolled_at if enrolled else Enrollment.completed_at
        row, of = Enrollment, Enrollment.program_id
        query = select(row.id, row.leader_id, row.program_id)
    # The instants, not the months of them, so that few rows are looked at.
    query = query.add_columns(month_of(at, calendar).label("month")).where(
        at >= calendar.month_start(first), at < calendar.month_end(last)
    )
    if program is not None:
        query = query.where(of == program)
    if cohort is not None:
        member = CohortMember
        query = query.where(
            row.leader_id.in_(select(member.leader_id).where(member.cohort_id == cohort))
        )
    return query.subquery("training_events")
