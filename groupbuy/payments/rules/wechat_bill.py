"""WeChat Pay's trade bill: a day's payments and refunds as a text file.

Source: WeChat Pay merchant documents, "Trade bill" (pay.weixin.qq.com/doc/v3/merchant/4013071016)
and "Request a trade bill" (4013070366). The first row names the columns; the rows after it have a
backtick before each cell, so that spreadsheets take numbers for texts; at the end stand the names
of the sums and the sums themselves, the number of rows first. Amounts are in yuan, times are
Beijing's. Columns are looked up by name: WeChat Pay adds new ones.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from groupbuy.kernel.texts import Text
from groupbuy.payments.rules.lists import UNREADABLE, Listed, ListFaults, fen_of
from groupbuy.payments.rules.states import Outcome, Subject

BEIJING = ZoneInfo("Asia/Shanghai")
COUNT = "总交易单数"
NEEDED = (
    "交易时间",
    "商户号",
    "商户订单号",
    "交易状态",
    "商户退款单号",
    "退款状态",
    "手续费",
    "订单金额",
    "申请退款金额",
)
REFUND_OUTCOMES = {"SUCCESS": Outcome.SUCCEEDED, "FAIL": Outcome.FAILED, "CLOSED": Outcome.FAILED}
"""Any other, such as PROCESSING or CHANGE (the card is gone), has no end yet."""

_COLUMNS = Text(
    "第 1 行缺少交易账单的列：{missing}。", "Row 1 lacks columns of a trade bill: {missing}."
)
_BAD_ROW = Text("第 {row} 行无法读取。", "Row {row} cannot be read.")
_MERCHANT = Text("第 {row} 行属于其他商户号。", "Row {row} belongs to another merchant.")
_INCOMPLETE = Text(
    "账单不完整：应有 {count} 行，实有 {found} 行。",
    "The bill is not complete: it says {count} rows and has {found}.",
)


def read_bill(content: bytes, mch_id: str) -> list[Listed]:
    """Read a trade bill of all payments and refunds of a day.

    Raises:
        ListFaults: with every row at fault, or because the bill is not complete.
    """
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ListFaults({1: UNREADABLE}) from None
    columns = [name.strip().lstrip("`") for name in (lines or [""])[0].split(",")]
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise ListFaults({1: _COLUMNS.format(missing=", ".join(missing))})
    listed: list[Listed] = []
    faults: dict[int, Text] = {}
    for row, line in enumerate(lines[1:], 2):
        if line.startswith(COUNT):
            faults |= _incomplete(row + 1, lines[row : row + 1], len(listed) + len(faults))
            break
        cells = dict(zip(columns, _cells(line), strict=False))
        try:
            if cells["商户号"] != mch_id:
                faults[row] = _MERCHANT.format(row=row)
            else:
                listed.append(_KINDS[cells["交易状态"]](cells))
        except (KeyError, ValueError):
            faults[row] = _BAD_ROW.format(row=row)
    else:
        faults[len(lines)] = _INCOMPLETE.format(count="?", found=len(listed))
    if faults:
        raise ListFaults(faults)
    return listed


def _cells(line: str) -> list[str]:
    """Divide a row: only a comma before a backtick divides, names of goods hold others."""
    return [cell.strip() for cell in line.strip().removeprefix("`").split(",`")]


def _incomplete(row: int, sums: Sequence[str], found: int) -> Mapping[int, Text]:
    count = _cells(sums[0])[0] if sums else ""
    same = count.isdecimal() and int(count) == found
    return {} if same else {row: _INCOMPLETE.format(count=count or "?", found=found)}


def _paid(cells: Mapping[str, str]) -> Listed:
    return Listed(
        Subject.PAYMENT,
        cells["商户订单号"],
        fen_of(cells["订单金额"]),
        Outcome.SUCCEEDED,
        _at(cells),
        _fee(cells),
    )


def _refunded(cells: Mapping[str, str]) -> Listed:
    return Listed(
        Subject.REFUND,
        cells["商户退款单号"],
        fen_of(cells["申请退款金额"]),
        REFUND_OUTCOMES.get(cells["退款状态"]),
        _at(cells),
        _fee(cells),
    )


def _revoked(cells: Mapping[str, str]) -> Listed:
    return Listed(
        Subject.PAYMENT, cells["商户订单号"], fen_of(cells["订单金额"]), Outcome.FAILED, _at(cells)
    )


_KINDS: dict[str, Callable[[Mapping[str, str]], Listed]] = {
    "SUCCESS": _paid,
    "REFUND": _refunded,
    "REVOKED": _revoked,
}


def _at(cells: Mapping[str, str]) -> datetime:
    return datetime.strptime(cells["交易时间"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)


def _fee(cells: Mapping[str, str]) -> int:
    """Return the fee in fen; WeChat Pay writes it with up to five decimals, and zeros at the end.

    Fees are settled in whole fen: other decimals cannot be read.
    """
    whole, _, decimals = cells["手续费"].partition(".")
    if decimals[2:].strip("0"):
        raise ValueError("a part of a fen")
    return fen_of(f"{whole}.{decimals[:2]}" if decimals else whole)
