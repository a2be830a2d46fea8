"""Settlement over HTTP: headquarters' month, leaders' statements."""

from collections.abc import Callable
from typing import Any

import pytest

from groupbuy.kernel.access import Actor
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import transaction
from groupbuy.settlement import services
from groupbuy.settlement.jobs import confirm_unanswered
from tests.client import Answer, Api
from tests.factories import commissions
from tests.factories.commissions import APPROVER, Stall
from tests.factories.settlement import after_cutoff, approved, calculated, local, statement_of

MARCH, APRIL = "2026-03", "2026-04"
PERIODS = "/hq/settlement-periods"
PERIOD = f"{PERIODS}/{MARCH}"
PARTS = ("/lines", "/corrections", "/components")


@pytest.fixture
def clock_after(clock: ManualClock) -> None:
    """It is the earliest moment at which March can be closed."""
    clock.at = after_cutoff(MARCH)


@pytest.fixture
def stall(api: Api) -> Stall:
    """Mei's stall, Mei herself logged in through the API."""
    commissions.published()
    return commissions.stall(by=api.shopper("mei").id)


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    return dict(answer.json)


class TestTheMonth:
    def test_it_goes_from_open_to_locked_by_two_people(
        self, api: Api, stall: Stall, clock: ManualClock
    ) -> None:
        stall.sell_each(600_000, 600_000, 4_000_000)
        finance, approver = api.staff("finance"), api.staff("approver")
        shown = finance.get(PERIOD).json
        assert (shown["period"]["state"], shown["period"]["cutoff_at"]) == (
            "open",
            "2026-04-07T16:00:00+00:00",
        )
        early = refused(finance.post(f"{PERIOD}/closing"), 409, "cutoff-not-reached")
        assert early["at"] == "2026-04-07T16:10:00+00:00"
        clock.at = after_cutoff(MARCH)
        assert finance.post(f"{PERIOD}/closing").json["state"] == "closing"
        assert finance.post(f"{PERIOD}/calculation").json["state"] == "draft"
        assert finance.post(f"{PERIOD}/submission").json["state"] == "in_review"
        returned = approver.post(f"{PERIOD}/return", {"reason": "Look at line 3 again"})
        assert returned.json["state"] == "draft"
        digest = finance.post(f"{PERIOD}/submission").json["digest"]
        answer = approver.post(f"{PERIOD}/approval", {"digest": digest})
        assert (answer.status_code, answer.json["approved_by"]) == (200, approver.id)
        clock.advance(days=3)
        confirm_unanswered()
        assert approver.post(f"{PERIOD}/lock").json["state"] == "locked"
        shown = finance.get(PERIOD).json
        assert {name: fen for name, fen in shown["totals"].items() if fen} == {
            "statements": 1,
            "volume_fen": 5_200_000,
            "sales_fen": 348_000,
            "payable_fen": 348_000,
            "payout_fen": 348_000,
        }
        progress = shown["calculation"]
        assert (progress["leaders_done"], progress["leader_count"]) == (1, 1)
        assert (progress["lines_done"], progress["started_by"]) == (3, finance.id)
        told = [(t["action"], t["to_state"], t["why"]) for t in shown["transitions"]]
        assert told[4] == ("send_back", "draft", "Look at line 3 again")
        assert [period["month"] for period in finance.get(PERIODS).json["items"]] == [MARCH]

    def test_it_posts_what_was_approved(self, api: Api, stall: Stall) -> None:
        stall.sell_each(600_000)
        approved(MARCH)
        reference = statement_of(stall.leader_id, MARCH).id
        answer = api.staff("auditor").get("/hq/ledger-transactions", reference=reference)
        [posted] = answer.json["items"]
        entries = {(e["account"]["kind"], e["account"]["owner"]): e for e in posted["entries"]}
        assert entries["expense", "commission"]["amount_fen"] == 30_000
        assert entries["leader", stall.leader_id]["amount_fen"] == -30_000

    @pytest.mark.usefixtures("clock_after")
    def test_it_waits_for_earlier_months(self, api: Api, clock: ManualClock, stall: Stall) -> None:
        stall.sell_each(600_000)
        clock.at = after_cutoff(APRIL)
        answer = api.staff("finance").post(f"{PERIODS}/{APRIL}/closing")
        assert refused(answer, 409, "earlier-month-unsettled")["unsettled"] == MARCH

    def test_it_never_goes_back(self, api: Api, clock: ManualClock) -> None:
        clock.at = after_cutoff(APRIL)
        finance = api.staff("finance")
        assert finance.post(f"{PERIODS}/{APRIL}/closing").status_code == 200
        answer = finance.post(f"{PERIOD}/closing")
        assert refused(answer, 409, "later-month-begun")["begun"] == APRIL

    @pytest.mark.usefixtures("clock_after")
    def test_it_refuses_moves_that_the_state_does_not_allow(self, api: Api) -> None:
        finance, approver = api.staff("finance"), api.staff("approver")
        for refusal in (
            finance.post(f"{PERIOD}/calculation"),
            finance.post(f"{PERIOD}/submission"),
            approver.post(f"{PERIOD}/return", {"reason": "x"}),
            approver.post(f"{PERIOD}/approval", {"digest": "0" * 64}),
            approver.post(f"{PERIOD}/lock"),
        ):
            assert refused(refusal, 409, "not-in-this-state")["state"] == "open"

    @pytest.mark.usefixtures("clock_after")
    def test_it_refuses_the_approval_of_other_figures(self, api: Api, stall: Stall) -> None:
        finance = api.staff("finance")
        for step in ("closing", "calculation", "submission"):
            finance.post(f"{PERIOD}/{step}")
        answer = api.staff("approver").post(f"{PERIOD}/approval", {"digest": "0" * 64})
        assert refused(answer, 409, "figures-changed")["digest"] != "0" * 64
        answer = api.staff("approver").post(f"{PERIOD}/approval", {"digest": "none"})
        assert answer.status_code == 422

    def test_it_refuses_the_approval_by_who_prepared(self, api: Api, stall: Stall) -> None:
        calculated(MARCH)
        approver = api.staff("approver")
        actor = Actor(kind="staff", id=approver.id, role="approver")
        with transaction():
            period = services.submit(month=MARCH, actor=actor, now=after_cutoff(MARCH))
        answer = approver.post(f"{PERIOD}/approval", {"digest": period.digest})
        refused(answer, 409, "approver-is-preparer")

    def test_it_lets_finance_prepare_and_the_approver_approve(self, api: Api) -> None:
        preparing = ("closing", "calculation", "submission")
        bodies = {"return": {"reason": "x"}, "approval": {"digest": "0" * 64}}
        for step in (*preparing, "return", "approval", "lock"):
            path, body = f"{PERIOD}/{step}", bodies.get(step, {})
            other = "approver" if step in preparing else "finance"
            assert api.anonymous.post(path, body).status_code == 401
            for outsider in (api.shopper("zed"), api.staff("operator"), api.staff(other)):
                assert outsider.post(path, body).status_code == 403
        statement = f"/hq/statements/sts_{'0' * 32}"
        parts = [f"{statement}{part}" for part in ("", *PARTS)]
        for path in (PERIODS, PERIOD, f"{PERIOD}/statements", *parts):
            assert api.anonymous.get(path).status_code == 401
            assert api.staff("operator").get(path).status_code == 403
        assert api.staff("auditor").get(f"{PERIODS}/2026-13").status_code == 404


class TestStatements:
    def test_it_lists_a_month_and_finds_a_leader(self, api: Api, stall: Stall) -> None:
        lan = commissions.stall()
        stall.sell_each(600_000)
        lan.sell_each(200_000)
        calculated(MARCH)
        auditor = api.staff("auditor")
        found = auditor.get(f"{PERIOD}/statements", leader=lan.leader_id).json["items"]
        assert [statement["sales_fen"] for statement in found] == [10_000]
        first = auditor.get(f"{PERIOD}/statements", limit=1).json
        rest = auditor.get(f"{PERIOD}/statements", limit=1, cursor=first["next_cursor"]).json
        seen = {statement["leader_id"] for statement in first["items"] + rest["items"]}
        assert seen == {stall.leader_id, lan.leader_id}
        shown = auditor.get(f"/hq/statements/{found[0]['id']}").json
        assert shown == found[0]

    def test_it_explains_every_line(self, api: Api, stall: Stall) -> None:
        _, second, _ = stall.sell_each(600_000, 600_000, 333)
        commissions.refund(second, 150_000, at=local("2026-04-20 12:00"))
        approved(MARCH)
        approved(APRIL)
        auditor = api.staff("auditor")
        march, april = (statement_of(stall.leader_id, month) for month in (MARCH, APRIL))
        lines = auditor.get(f"/hq/statements/{march.id}/lines").json["items"]
        assert lines[1]["explanation"] == (
            "took you from ¥6,000.00 to ¥12,000.00: ¥4,000.00 at 5 %, ¥2,000.00 at 7 %"
        )
        assert lines[1]["segments"] == [[600_000, 1_000_000, 500], [1_000_000, 1_200_000, 700]]
        assert (lines[2]["exact"], lines[2]["rounding"]) == ("2331/100", "-31/100")
        path = f"/hq/statements/{april.id}"
        assert auditor.get(f"{path}/lines").json["items"] == []
        [clawback] = auditor.get(f"{path}/corrections", language="zh-CN").json["items"]
        assert (clawback["kind"], clawback["amount_fen"], clawback["corrects_id"]) == (
            "CLAWBACK",
            -8_500,
            march.id,
        )
        assert (clawback["order_id"], clawback["refunded_fen"]) == (second.order_id, 150_000)
        assert (clawback["remaining_before"], clawback["remaining_after"]) == (600_000, 450_000)
        assert (clawback["exact"], clawback["rounding"]) == ("25500/1", "0/1")
        assert clawback["explanation"] == (
            "退款 ¥1,500.00（已结佣金 ¥340.00）：佣金由 ¥340.00 变为 ¥255.00"
        )

    def test_it_explains_every_component(self, api: Api) -> None:
        commissions.published(guarantee_fen=50_000)
        mei = commissions.stall(by=api.shopper("mei").id)
        mei.sell_each(600_000)
        approved(MARCH)
        statement = statement_of(mei.leader_id, MARCH)
        assert (statement.sales_fen, statement.guarantee_fen) == (30_000, 20_000)
        for who, own in ((api.staff("auditor"), "/hq"), (api.shopper("mei"), "/leader")):
            [part] = who.get(f"{own}/statements/{statement.id}/components").json["items"]
            assert (part["kind"], part["amount_fen"], part["exact"]) == (
                "GUARANTEE",
                20_000,
                "20000/1",
            )
            assert part["inputs"] == {"floor_fen": 50_000, "sum_fen": 30_000}
            assert part["plan_version_id"] == statement.plan_version_id
            assert part["explanation"] == (
                "your guarantee is ¥500.00, you came to ¥300.00: ¥200.00 fill it up"
            )

    def test_it_shows_a_leader_the_own_statements_of_approved_months(
        self, api: Api, stall: Stall
    ) -> None:
        stall.sell_each(600_000, 600_000)
        mei = api.shopper("mei")
        calculated(MARCH)
        draft = statement_of(stall.leader_id, MARCH).id
        assert mei.get("/leader/statements").json["items"] == []
        for part in ("", *PARTS):
            assert mei.get(f"/leader/statements/{draft}{part}").status_code == 404
        with transaction():
            now = after_cutoff(MARCH)
            digest = str(services.submit(month=MARCH, actor=commissions.FINANCE, now=now).digest)
            services.approve(month=MARCH, digest=digest, actor=APPROVER, now=now)
        [own] = mei.get("/leader/statements").json["items"]
        assert (own["id"], own["payable_fen"], own["payout_fen"]) == (draft, 64_000, 64_000)
        assert mei.get(f"/leader/statements/{draft}").json == own
        found = [len(mei.get(f"/leader/statements/{draft}{p}").json["items"]) for p in PARTS]
        assert found == [2, 0, 0]

    def test_it_hides_a_statement_from_everybody_else(self, api: Api, stall: Stall) -> None:
        stall.sell_each(600_000)
        commissions.stall(by=api.shopper("lan").id)
        approved(MARCH)
        path = f"/leader/statements/{statement_of(stall.leader_id, MARCH).id}"
        for own in ("/leader/statements", path, *(f"{path}{part}" for part in PARTS)):
            assert api.anonymous.get(own).status_code == 401
            assert api.shopper("zed").get(own).status_code == 403
            assert api.staff("finance").get(own).status_code == 403
        for part in ("", *PARTS):
            assert api.shopper("lan").get(f"{path}{part}").status_code == 404

    def test_it_reads_pages_in_a_constant_number_of_statements(
        self, api: Api, stall: Stall, count_statements: Callable[[], Any]
    ) -> None:
        refunded = stall.sell_each(*range(1_000, 1_009), month=MARCH)
        for number in range(5):
            commissions.stall().sell_each(1_000 + number)
        approved(MARCH)
        for line in refunded:
            commissions.refund(line, 500, at=local("2026-04-20 12:00"))
        approved(APRIL)
        march, april = (statement_of(stall.leader_id, month).id for month in (MARCH, APRIL))
        caller, mei = api.staff("auditor"), api.shopper("mei")
        for who, path in (
            (caller, f"{PERIOD}/statements"),
            (caller, f"/hq/statements/{march}/lines"),
            (caller, f"/hq/statements/{april}/corrections"),
            (mei, f"/leader/statements/{march}/lines"),
            (mei, f"/leader/statements/{april}/corrections"),
        ):
            counts = []
            for limit in (1, 4):
                with count_statements() as statements:
                    page = who.get(path, limit=limit).json
                assert len(page["items"]) == limit
                counts.append(len(statements))
            assert counts[0] == counts[1]
