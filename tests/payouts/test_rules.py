"""States, who is in a batch, comparisons, files, masks, quarters."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from groupbuy.kernel.comparison import Known, Match, compare
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.payouts.rules.accounts import AccountKind, faults, masked
from groupbuy.payouts.rules.batches import Reason, Standing, digest, left_out
from groupbuy.payouts.rules.comparison import end_of
from groupbuy.payouts.rules.files import read_list
from groupbuy.payouts.rules.quarters import months_of_quarter
from groupbuy.payouts.rules.states import (
    ATTEMPT_MOVES,
    BATCH_MOVES,
    FINAL,
    ITEM_MOVES,
    AttemptState,
    BatchState,
    ask_again,
    move,
)

NOW = datetime(2026, 3, 2, tzinfo=UTC)
A = AttemptState
Records = dict[str, Known[AttemptState]]


class TestStates:
    def test_it_moves_attempts_forward_only(self) -> None:
        assert [
            pair for pair in ATTEMPT_MOVES if (ATTEMPT_MOVES[pair], pair[0].value) in ATTEMPT_MOVES
        ] == []
        assert {before for before, _ in ATTEMPT_MOVES} & set(FINAL) == set()

    def test_it_never_forgets_what_it_knew(self) -> None:
        assert [before for before, news in ATTEMPT_MOVES if news == "unknown"] == [A.CREATED]

    def test_it_retries_only_what_definitely_failed(self) -> None:
        assert {before for before, action in ITEM_MOVES if action == "retry"} == {
            A.FAILED,
            A.CANCELLED,
        }

    def test_it_refuses_what_the_table_does_not_have(self) -> None:
        with pytest.raises(NotInThisState):
            move(BATCH_MOVES, BatchState.DRAFT, "execute")

    def test_it_asks_again_after_as_long_as_it_has_lasted(self) -> None:
        pauses = [
            ask_again(since=NOW - timedelta(minutes=age), now=NOW) - NOW for age in (0, 7, 600)
        ]
        assert pauses == [timedelta(minutes=1), timedelta(minutes=7), timedelta(hours=1)]


def standing(**changes: Any) -> Standing:
    known: dict[str, Any] = {
        "payout_fen": 100,
        "held_fen": 0,
        "taken_fen": 0,
        "open_item": False,
        "account_kind": "bank",
        "waiting_kind": None,
        "taxed": True,
        "answered": True,
    }
    return Standing(**known | changes)


class TestWhoIsIn:
    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({}, None),
            ({"taken_fen": 40}, None),
            ({"waiting_kind": "wechat"}, None),
            ({"taken_fen": 100}, Reason.NOTHING_DUE),
            ({"held_fen": 100}, Reason.HELD),
            ({"answered": False}, Reason.UNANSWERED),
            ({"open_item": True}, Reason.IN_ANOTHER_BATCH),
            ({"account_kind": None}, Reason.NO_ACCOUNT),
            ({"account_kind": "wechat"}, Reason.OTHER_ACCOUNT_KIND),
            ({"account_kind": "wechat", "waiting_kind": "bank"}, Reason.ACCOUNT_WAITING),
            ({"taxed": False}, Reason.NO_TAX_REGIME),
        ],
    )
    def test_it_says_why_somebody_is_not(
        self, changes: dict[str, Any], reason: Reason | None
    ) -> None:
        assert left_out(standing(**changes), "bank") is reason

    def test_it_names_items_by_one_digest_in_any_order(self) -> None:
        first, second = ("a", "s", "l", "p", 1), ("b", "s", "l", "p", 2)
        assert digest([first, second]) == digest([second, first])
        assert digest([first]) != digest([("a", "s", "l", "p", 2)])


class TestComparing:
    def compared(
        self, ours: Records, theirs: Records, expected: set[str] | None = None
    ) -> dict[str, Match]:
        until = NOW + timedelta(days=1)
        found = compare(
            ours,
            theirs,
            end_of=end_of,
            expected=ours.keys() if expected is None else expected,
            since=NOW,
            until=until,
        )
        return {each.number: each.match for each in found}

    def test_it_finds_each_kind_of_difference(self) -> None:
        paid = Known(100, A.SUCCEEDED)
        ours = {"A": paid, "B": paid, "C": paid, "D": paid, "F": Known(100, A.FAILED)}
        theirs = {"A": paid, "C": Known(99, A.SUCCEEDED), "D": Known(100, A.FAILED), "E": paid}
        assert self.compared(ours, theirs) == {
            "A": Match.MATCHED,
            "B": Match.MISSING_AT_PROVIDER,
            "C": Match.AMOUNT_MISMATCH,
            "D": Match.STATUS_MISMATCH,
            "E": Match.MISSING_HERE,
            "F": Match.MATCHED,
        }

    def test_it_takes_states_on_the_way_for_the_same(self) -> None:
        ours, theirs = {"A": Known(1, A.SUBMITTED)}, {"A": Known(None, A.TRANSFERRING)}
        assert self.compared(ours, theirs) == {"A": Match.MATCHED}
        assert self.compared(ours, {"A": Known(1, A.SUCCEEDED)}) == {"A": Match.STATUS_MISMATCH}
        assert self.compared(ours, {"A": Known(1, None)}) == {"A": Match.MATCHED}

    def test_it_misses_nothing_outside_the_span(self) -> None:
        before = Known(1, A.SUCCEEDED, NOW - timedelta(hours=1))
        inside = Known(1, A.SUCCEEDED, NOW)
        assert self.compared({}, {"A": before, "B": inside}) == {"B": Match.MISSING_HERE}
        assert self.compared({"A": Known(1, A.SUCCEEDED)}, {}, expected=set()) == {}
        assert self.compared({"A": Known(1, A.SUCCEEDED)}, {"A": before}, expected=set()) == {
            "A": Match.MATCHED
        }


class TestFiles:
    def test_it_reads_a_list(self) -> None:
        [row] = read_list(b"number,amount_fen,state\r\nGB1,100,succeeded\r\n\r\n")
        assert (row.row, row.number, row.amount_fen, row.state) == (2, "GB1", 100, A.SUCCEEDED)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\xff\xfe",
            b"no,header\n",
            b"number,amount_fen,state\nGB1,1.0,succeeded\n",
            b"number,amount_fen,state\nGB1,1,paid\n",
            b"number,amount_fen,state\nGB-1,1,succeeded\n",
            b"number,amount_fen,state\nGB1,1\n",
            b'number,amount_fen,state\n"GB1',
        ],
    )
    def test_it_says_what_is_wrong_with_a_list(self, content: bytes) -> None:
        [row] = read_list(content)
        assert row.fault is not None


class TestAccounts:
    def test_it_masks_all_but_the_end(self) -> None:
        assert masked(AccountKind.BANK, {"account": "6222020200012345678"}) == "**** 5678"
        assert masked(AccountKind.STRIPE, {"account": "acct_12345678"}) == "**** 5678"
        assert masked(AccountKind.WECHAT, {"name": "王小梅"}) == "王**"

    def test_it_names_what_does_not_fit(self) -> None:
        details = {"holder": "梅", "account": "12 34", "openid": "o"}
        assert sorted(faults(AccountKind.BANK, details)) == ["account", "bank", "openid"]


class TestQuarters:
    def test_it_knows_the_months_of_a_quarter(self) -> None:
        assert months_of_quarter("2026-Q1") == ("2026-01", "2026-03")
        assert months_of_quarter("2026-Q4") == ("2026-10", "2026-12")

    @pytest.mark.parametrize("text", ["2026-Q5", "2026-Q0", "2026Q1", "1026-Q1", "2026-q1"])
    def test_it_finds_no_other(self, text: str) -> None:
        with pytest.raises(NotFound):
            months_of_quarter(text)
