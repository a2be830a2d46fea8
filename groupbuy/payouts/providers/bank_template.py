"""How a bank's payment file and its result file are written, as data.

BANK_FILE_TEMPLATE holds, or names a file that holds, for example (whatever is left out is as in the
default):

    {"encoding": "gb18030", "delimiter": ",", "line_ending": "\\r\\n",
     "columns": [{"field": "account", "header": "收款账号", "text": true},
                 {"field": "holder", "header": "收款户名"},
                 {"field": "amount", "header": "金额"},
                 {"field": "number", "header": "流水号"}],
     "result": {"number": "流水号", "amount": "金额", "status": "状态", "reason": "原因",
                "states": {"交易成功": "succeeded", "交易失败": "failed"}}}
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from groupbuy.payouts.rules.states import AttemptState

ENCODINGS = {
    "utf-8-sig": "text/csv; charset=utf-8",
    "utf-8": "text/csv; charset=utf-8",
    "gb18030": "text/csv; charset=gb18030",
}
LINE_ENDINGS = ("\r\n", "\n")
DELIMITERS = (",", ";", "\t", "|")
RESULTS = (AttemptState.SUCCEEDED, AttemptState.FAILED, AttemptState.SUBMITTED)


class Field(StrEnum):
    """What a column of the payment file holds."""

    NUMBER = "number"
    HOLDER = "holder"
    ACCOUNT = "account"
    BANK = "bank"
    AMOUNT = "amount"
    REMARK = "remark"


NEEDED = frozenset({Field.NUMBER, Field.HOLDER, Field.ACCOUNT, Field.AMOUNT})


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `text` marks its cells (with a tab) so that a spreadsheet keeps every digit."""

    field: Field
    header: str
    text: bool = False


@dataclass(frozen=True, slots=True)
class ResultColumns:
    """The columns of the result file by their headers, and the words of its status column.

    `amount` and `reason` may be '': then the bank does not say.
    """

    number: str = "业务编号"
    amount: str = "金额（元）"
    status: str = "处理结果"
    reason: str = "失败原因"
    states: Mapping[str, AttemptState] = field(
        default_factory=lambda: MappingProxyType(
            {
                "成功": AttemptState.SUCCEEDED,
                "失败": AttemptState.FAILED,
                "处理中": AttemptState.SUBMITTED,
            }
        )
    )


@dataclass(frozen=True, slots=True)
class Template:
    """A payment file and its result file; without arguments the one that needs no bank's manual."""

    columns: tuple[Column, ...] = (
        Column(Field.NUMBER, "业务编号"),
        Column(Field.HOLDER, "收款人户名"),
        Column(Field.ACCOUNT, "收款账号", text=True),
        Column(Field.BANK, "开户银行"),
        Column(Field.AMOUNT, "金额（元）"),
        Column(Field.REMARK, "备注"),
    )
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    line_ending: str = "\r\n"
    result: ResultColumns = field(default_factory=ResultColumns)

    @property
    def media_type(self) -> str:
        """Return the media type of its files."""
        return ENCODINGS[self.encoding]

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a template; what it does not say is as in the default.

        Raises:
            ValueError: naming the first thing that is wrong.
        """
        given = _mapping(json.loads(text), "the template")
        known = {"delimiter": DELIMITERS, "encoding": tuple(ENCODINGS), "line_ending": LINE_ENDINGS}
        _only(given, {*known, "columns", "result"}, "the template")
        values: dict[str, Any] = {
            name: _one_of(given[name], allowed, name)
            for name, allowed in known.items()
            if name in given
        }
        if "columns" in given:
            values["columns"] = _columns(given["columns"])
        if "result" in given:
            values["result"] = _result(given["result"])
        return cls(**values)


def _columns(given: Any) -> tuple[Column, ...]:
    if not isinstance(given, list):
        raise ValueError("columns must be a list")
    columns = tuple(_column(_mapping(one, "a column")) for one in given)
    fields = [column.field for column in columns]
    missing = NEEDED - set(fields)
    if missing:
        raise ValueError(f"columns lack {', '.join(sorted(missing))}")
    if len(set(fields)) < len(fields) or len({column.header for column in columns}) < len(columns):
        raise ValueError("columns name a field or a header twice")
    return columns


def _column(given: Mapping[str, Any]) -> Column:
    _only(given, {"field", "header", "text"}, "a column")
    text = given.get("text", False)
    if not isinstance(text, bool):
        raise ValueError("text of a column must be true or false")
    kind = Field(_one_of(given.get("field"), tuple(Field), "field of a column"))
    return Column(kind, _text(given.get("header"), "header of a column"), text)


def _result(given: Any) -> ResultColumns:
    given = _mapping(given, "result")
    _only(given, {"number", "amount", "status", "reason", "states"}, "result")
    values: dict[str, Any] = {
        name: _text(value, f"result {name}", empty=name in ("amount", "reason"))
        for name, value in given.items()
        if name != "states"
    }
    if "states" in given:
        values["states"] = MappingProxyType(
            {
                word.strip(): AttemptState(_one_of(state, RESULTS, f"result state {word}"))
                for word, state in _mapping(given["states"], "result states").items()
            }
        )
    return ResultColumns(**values)


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} must be an object")
    return value


def _only(given: Mapping[str, Any], known: set[str], what: str) -> None:
    unknown = given.keys() - known
    if unknown:
        raise ValueError(f"{what} has unknown {', '.join(sorted(unknown))}")


def _one_of(value: Any, allowed: tuple[str, ...], what: str) -> str:
    if value not in allowed:
        raise ValueError(f"{what} must be one of {', '.join(map(repr, map(str, allowed)))}")
    return str(value)


def _text(value: Any, what: str, *, empty: bool = False) -> str:
    if not isinstance(value, str) or not (value.strip() or empty):
        raise ValueError(f"{what} must be a text")
    return value.strip()
