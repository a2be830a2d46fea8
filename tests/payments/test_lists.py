"""Reading lists: our own columns, WeChat Pay's trade bill; comparing outcomes; amounts in yuan."""

from datetime import UTC, datetime, timedelta

import pytest

from groupbuy.kernel.comparison import End
from groupbuy.payments.rules.comparing import (
    end_of,
    judged,
    outcome_of_payment,
    outcome_of_refund,
)
from groupbuy.payments.rules.lists import ListFaults, fen_of, read_plain_list
from groupbuy.payments.rules.states import Outcome, PaymentState, RefundState, Subject
from groupbuy.payments.rules.wechat_bill import read_bill
from tests.doubles.wechat_bills import HEADER, SUMS

MERCHANT = "1900000001"
NOON = "2026-03-02 12:00:00"


def line(**changes: str) -> str:
    cells = dict.fromkeys(HEADER.split(","), "0") | {
        "交易时间": NOON,
        "商户号": MERCHANT,
        "商户订单号": "a" * 32,
        "交易状态": "SUCCESS",
        "商品名称": "鸡蛋, 30 枚",
        "手续费": "0.06000",
        "订单金额": "10.00",
        "申请退款金额": "0.00",
    }
    return ",".join(f"`{cell}" for cell in (cells | changes).values())


def bill(*lines: str, count: int | None = None) -> bytes:
    said = len(lines) if count is None else count
    return "\r\n".join([HEADER, *lines, SUMS, f"`{said},`1.00", ""]).encode("utf-8-sig")


def faults(content: bytes) -> list[int]:
    with pytest.raises(ListFaults) as caught:
        read_bill(content, MERCHANT)
    return list(caught.value.faults)


class TestBill:
    def test_it_reads_payments_refunds_and_what_was_taken_back(self) -> None:
        refund = {"交易状态": "REFUND", "商户退款单号": "prf_1", "申请退款金额": "2.5"}
        content = bill(
            line(),
            line(**refund, 退款状态="SUCCESS", 手续费="-0.01000"),
            line(**refund, 退款状态="PROCESSING"),
            line(交易状态="REVOKED"),
        )
        read = [(o.subject, o.number, o.amount_fen, o.state) for o in read_bill(content, MERCHANT)]
        assert read == [
            (Subject.PAYMENT, "a" * 32, 1_000, Outcome.SUCCEEDED),
            (Subject.REFUND, "prf_1", 250, Outcome.SUCCEEDED),
            (Subject.REFUND, "prf_1", 250, None),
            (Subject.PAYMENT, "a" * 32, 1_000, Outcome.FAILED),
        ]
        paid, back, *_ = read_bill(content, MERCHANT)
        assert (paid.fee_fen, back.fee_fen) == (6, -1)
        assert paid.at == datetime(2026, 3, 2, 4, 0, tzinfo=UTC)

    def test_it_reads_a_day_without_money(self) -> None:
        assert read_bill(bill(), MERCHANT) == []

    @pytest.mark.parametrize(
        ("content", "rows"),
        [
            (b"\xff\xfe", [1]),
            (b"", [1]),
            (b"number,amount\r\n", [1]),
            (bill(line(商户号="1")), [2]),
            (bill(line(), line(交易状态="LOST")), [3]),
            (bill(line(订单金额="10.001")), [2]),
            (bill(line(手续费="0.00100")), [2]),
            (bill(line(交易时间="yesterday")), [2]),
            (bill("`only,`a,`few"), [2]),
            (bill(line(), count=2), [4]),
            ("\r\n".join([HEADER, line()]).encode(), [2]),
            ("\r\n".join([HEADER, line(), SUMS]).encode(), [4]),
        ],
        ids=[
            "not text",
            "empty",
            "other columns",
            "another merchant",
            "unknown state",
            "a part of a fen",
            "a fee of a part of a fen",
            "no time",
            "a short row",
            "fewer rows than it says",
            "no sums",
            "only the names of the sums",
        ],
    )
    def test_it_names_the_rows_at_fault(self, content: bytes, rows: list[int]) -> None:
        assert faults(content) == rows


class TestPlainList:
    def test_it_reads_our_own_columns(self) -> None:
        content = (
            b"subject,number,amount_fen,state\npayment,pi_1,100,succeeded\n\nrefund,r,1,pending\n"
        )
        read = [(o.subject, o.number, o.amount_fen, o.state) for o in read_plain_list(content)]
        assert read == [
            (Subject.PAYMENT, "pi_1", 100, Outcome.SUCCEEDED),
            (Subject.REFUND, "r", 1, None),
        ]

    @pytest.mark.parametrize(
        ("content", "rows"),
        [
            (b"\xff", [1]),
            (b"", [1]),
            (b"number,amount_fen\n", [1]),
            (
                b"subject,number,amount_fen,state\ngift,a,1,succeeded\npayment,b,1.5,failed\n",
                [2, 3],
            ),
            (b"subject,number,amount_fen,state\npayment,a b,1,failed\npayment,c,1,lost\n", [2, 3]),
            (b"subject,number,amount_fen,state\nrefund,a,1,failed\nrefund,a,1,failed\n", [3]),
        ],
    )
    def test_it_names_the_rows_at_fault(self, content: bytes, rows: list[int]) -> None:
        with pytest.raises(ListFaults) as caught:
            read_plain_list(content)
        assert list(caught.value.faults) == rows


class TestAmounts:
    @pytest.mark.parametrize(
        ("yuan", "fen"), [("0.00", 0), ("12.3", 1_230), ("7", 700), ("-0.05", -5), ("1.09", 109)]
    )
    def test_it_reads_yuan_to_the_fen(self, yuan: str, fen: int) -> None:
        assert fen_of(yuan) == fen

    @pytest.mark.parametrize("yuan", ["", "1.234", "1,000.00", "１", "1e3", "--1", "."])
    def test_it_refuses_anything_else(self, yuan: str) -> None:
        with pytest.raises(ValueError, match="yuan"):
            fen_of(yuan)


class TestOutcomes:
    def test_it_takes_a_parked_payment_for_paid_if_money_came(self) -> None:
        assert outcome_of_payment(PaymentState.PARKED, 1) is Outcome.SUCCEEDED
        assert outcome_of_payment(PaymentState.PARKED, None) is Outcome.FAILED
        assert outcome_of_payment(PaymentState.CANCELLED, None) is Outcome.FAILED
        assert outcome_of_payment(PaymentState.PENDING, None) is Outcome.PENDING

    def test_it_has_no_end_while_a_refund_is_under_way(self) -> None:
        ends = [end_of(outcome_of_refund(state)) for state in RefundState]
        assert ends == [End.OPEN, End.OPEN, End.PAID, End.UNPAID]
        assert end_of(None) is End.OPEN

    def test_it_judges_what_is_close_to_midnight_with_the_next_day(self) -> None:
        since = datetime(2026, 3, 1, 16, tzinfo=UTC)
        until, hour = since + timedelta(days=1), timedelta(hours=1)
        morning, later = until + timedelta(hours=10), until + timedelta(hours=34)
        assert judged(since, until, by_file=False, now=morning) == (since, until - hour)
        assert judged(since, until, by_file=False, now=later) == (since, until)
        assert judged(since, until, by_file=True, now=later) == (since + hour, until - hour)
