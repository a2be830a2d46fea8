"""Attendance at headquarters over HTTP: codes, sheets, corrections."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.downloads import SHEETS, sheet_download
from groupbuy.kernel.http import Api, Download, Page, language, page_of
from groupbuy.kernel.problems import InvalidInput
from groupbuy.kernel.settings import settings
from groupbuy.kernel.sheets import rows_of
from groupbuy.kernel.texts import Text
from groupbuy.training import errors
from groupbuy.training.models import AttendanceDecision
from groupbuy.training.queries import sheets
from groupbuy.training.queries.sheets import AttendanceSheet
from groupbuy.training.rules.papers import SHEET_COLUMNS, sheet_rows
from groupbuy.training.schemas.live import (
    AttendanceDecisionQuery,
    AttendanceDecisionsBody,
    AttendanceDecisionSchema,
    AttendanceFileQuery,
    AttendanceSheetSchema,
    CheckInCodeSchema,
)
from groupbuy.training.services import attending, ruling
from groupbuy.training.services.attending import ShownCode

api = Api("training_attendance", __name__, url_prefix="/api/v1", description="Attendance")

SESSION = "/hq/live-sessions/<id(lvs):session_id>"
NAME = Text("出勤表-{day}", "attendance-{day}")


@api.get(
    f"{SESSION}/check-in-code",
    allow="training.edit",
    returns=CheckInCodeSchema,
    problems=[errors.SessionCancelled],
)
def show_check_in_code(actor: Actor, session_id: str) -> ShownCode:
    """Show the code with which leaders check in; it is another one every minute."""
    return attending.code_to_show(
        session_id=session_id, secret=settings().training_key, now=clock.now()
    )


@api.get(f"{SESSION}/attendance", allow="training.read", returns=AttendanceSheetSchema)
def show_attendance_sheet(actor: Actor, session_id: str) -> AttendanceSheet:
    """Show who was there."""
    return sheets.attendance_sheet(session_id, now=clock.now())


@api.get(
    f"{SESSION}/attendance/file",
    allow="training.read",
    query=AttendanceFileQuery,
    files=SHEETS,
)
def download_attendance_sheet(actor: Actor, session_id: str, query: dict[str, Any]) -> Download:
    """Download who was there, a row for each leader."""
    sheet, calendar = sheets.attendance_sheet(session_id, now=clock.now()), settings().calendar
    return sheet_download(
        rows=rows_of(sheet_rows(sheet.items, language=language()), SHEET_COLUMNS),
        columns=SHEET_COLUMNS,
        name=NAME.format(day=calendar.day_of(sheet.view.session.starts_at)).to(language()),
        language=language(),
        zone=calendar.zone,
        **query,
    )


@api.get(
    f"{SESSION}/attendance-decisions",
    allow="training.read",
    query=AttendanceDecisionQuery,
    returns=page_of(AttendanceDecisionSchema),
)
def list_attendance_decisions(
    actor: Actor, session_id: str, query: dict[str, Any]
) -> Page[AttendanceDecision]:
    """List corrections and excuses, the latest first."""
    return sheets.decision_list(session_id, **query)


@api.post(
    f"{SESSION}/attendance-decisions",
    allow="training.edit",
    body=AttendanceDecisionsBody,
    returns=AttendanceSheetSchema,
    status=201,
    idempotent=True,
    problems=[errors.SessionCancelled, errors.SessionNotBegun, InvalidInput],
)
def decide_attendance(actor: Actor, session_id: str, body: dict[str, Any]) -> AttendanceSheet:
    """Correct or excuse attendances of a session, or take that back; all of them or none."""
    now = clock.now()
    with transaction():
        ruling.decide(session_id=session_id, **body, actor=actor, now=now)
        return sheets.attendance_sheet(session_id, now=now)
