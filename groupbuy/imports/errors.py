"""Problems of imports."""

from http import HTTPStatus

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class SheetUnreadable(Problem):
    """The file is not a CSV or XLSX sheet, is too large, or its headings are not those needed.

    `reason` says which.
    """

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "sheet-unreadable"
    title = Text("无法读取表格", "The sheet cannot be read")
    detail = Text("{reason}", "{reason}")


class ImportFaulty(Problem):
    """Rows of the sheet have faults, perhaps since something else changed; nothing was imported.

    `faults` lists the first of them by row and column; `fault_count` says how many there are.
    """

    status = HTTPStatus.CONFLICT
    code = "import-faulty"
    title = Text("表格有误，未导入任何内容", "The sheet has faults; nothing was imported")
    detail = Text(
        "共 {fault_count} 处错误，请修正后重新上传。",
        "{fault_count} faults; correct them and upload the sheet again.",
    )
