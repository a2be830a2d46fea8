"""The attendance sheet as a table: its columns, and what states are called."""

from collections.abc import Iterable, Iterator
from typing import Any

from groupbuy.kernel.sheets import Column, Kind
from groupbuy.kernel.texts import Text
from groupbuy.training.rules.attendance import AttendanceStatus

STATUSES = {
    AttendanceStatus.EXPECTED: Text("待上课", "Expected"),
    AttendanceStatus.PRESENT: Text("出勤", "Present"),
    AttendanceStatus.LATE: Text("迟到", "Late"),
    AttendanceStatus.MAKEUP: Text("已补课", "Made up"),
    AttendanceStatus.EXCUSED: Text("请假", "Excused"),
    AttendanceStatus.ABSENT: Text("缺勤", "Absent"),
}

SHEET_COLUMNS = (
    Column("leader_id", Text("团长编号", "Leader")),
    Column("name", Text("姓名", "Name")),
    Column("status", Text("出勤情况", "Attendance")),
    Column("checked_in_at", Text("签到时间", "Checked in"), Kind.INSTANT),
    Column("checked_out_at", Text("签退时间", "Checked out"), Kind.INSTANT),
    Column("present_minutes", Text("在课分钟", "Minutes there"), Kind.INT),
    Column("corrected", Text("讲师更正", "Corrected")),
    Column("made_up_at", Text("补课完成时间", "Made up at"), Kind.INSTANT),
)
_YES = Text("是", "yes")


def sheet_rows(rows: Iterable[Any], *, language: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of an attendance sheet (queries.sheets.SheetRow) for a file."""
    for row in rows:
        yield {
            "leader_id": row.leader_id,
            "name": row.name,
            "status": STATUSES[row.status].to(language),
            "checked_in_at": row.checked_in_at,
            "checked_out_at": row.checked_out_at,
            "present_minutes": row.present_s // 60,
            "corrected": _YES.to(language) if row.corrected else None,
            "made_up_at": row.made_up_at,
        }
