"""Adjustments over HTTP: proposed, changed, decided by another, booked in their month, undone."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from groupbuy.kernel.access import Actor
from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.clock import ManualClock, next_month
from groupbuy.kernel.db import session
from groupbuy.settlement.models import Adjustment, AdjustmentAttachment
from tests.client import Api
from tests.commissions.test_api import promoted
from tests.factories import commissions
from tests.factories.adjustments import PDF, adjusted, paper, proposed
from tests.factories.commissions import APPROVER, Stall
from tests.factories.settlement import (
    approved,
    broken,
    calculated,
    components_of,
    local,
    statement_of,
)
from tests.settlement.test_api import refused

MARCH, APRIL = "2026-03", "2026-04"
ADJUSTMENTS = "/hq/adjustments"


def body(stall: Stall, amount_fen: int = 5_000, **changes: Any) -> dict[str, Any]:
    told = {"reason_code": "goodwill", "reason": "The van was late"}
    return {"leader_id": stall.leader_id, "amount_fen": amount_fen, **told, **changes}


def faults(answer: Any) -> set[str]:
    assert answer.status_code == 422, answer.text
    return {fault["pointer"] for fault in answer.json["errors"]}


class TestProposing:
    def test_it_proposes_and_shows_what_was_proposed(self, api: Api, mei: Stall) -> None:
        finance = api.staff("finance")
        answer = finance.post(ADJUSTMENTS, body(mei, -7_50, attachments=[paper()]))
        assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
        shown = api.staff("auditor").get(f"{ADJUSTMENTS}/{answer.json['id']}")
        assert shown.json == answer.json
        assert (shown.json["state"], shown.json["amount_fen"]) == ("proposed", -750)
        assert (shown.json["proposed_by"], shown.json["booked"]) == (finance.id, None)
        [file] = shown.json["attachments"]
        assert (file["size_bytes"], file["sha256"]) == (len(PDF), hashlib.sha256(PDF).hexdigest())
        path = f"{ADJUSTMENTS}/{answer.json['id']}/attachments/{file['id']}"
        download = api.staff("approver").get(path)
        assert (download.data, download.headers["Content-Type"]) == (PDF, "application/pdf")
        assert 'filename="photo.pdf"' in download.headers["Content-Disposition"]

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"amount_fen": 0}, "/amount_fen"),
            ({"amount_fen": 12.5}, "/amount_fen"),
            ({"reason_code": "because"}, "/reason_code"),
            ({"reason": " "}, "/reason"),
            ({"leader_id": f"ldr_{'0' * 32}"}, "/leader_id"),
            ({"attachments": [paper()] * 6}, "/attachments"),
            ({"attachments": [paper() | {"content": "%%%"}]}, "/attachments/0/content"),
            ({"attachments": [paper() | {"content": ""}]}, "/attachments/0/content"),
            ({"attachments": [paper(b"%PDF-" + b"x" * (1 << 20))]}, "/attachments/0/content"),
            ({"attachments": [paper(), paper(b"MZ")]}, "/attachments/1/content"),
            ({"attachments": [paper(b"a\0b", media_type="text/csv")]}, "/attachments/0/content"),
            ({"attachments": [paper(b"\xff", media_type="text/plain")]}, "/attachments/0/content"),
            ({"attachments": [paper(media_type="text/html")]}, "/attachments/0/media_type"),
            ({"note": "x"}, "/note"),
        ],
    )
    def test_it_says_what_is_wrong(
        self, api: Api, mei: Stall, change: dict[str, Any], pointer: str
    ) -> None:
        answer = api.staff("finance").post(ADJUSTMENTS, body(mei) | change)
        assert faults(answer) == {pointer}

    def test_it_takes_five_files_of_a_mebibyte(self, api: Api, mei: Stall) -> None:
        big = paper(b"%PDF-" + b"x" * ((1 << 20) - 5))
        finance = api.staff("finance")
        answer = finance.post(ADJUSTMENTS, body(mei, attachments=[big] * 5))
        assert answer.status_code == 201, answer.text
        path = f"{ADJUSTMENTS}/{answer.json['id']}/attachments"
        assert refused(finance.post(path, paper()), 409, "attachments-full")["most"] == 5
        assert finance.post(f"{ADJUSTMENTS}", {"x": big["content"] * 6}).status_code == 413
        other = finance.post("/hq/settlement-periods/2026-03/closing", {"x": big["content"]})
        assert other.status_code == 413

    def test_it_proposes_once_however_often_it_is_sent(self, api: Api, mei: Stall) -> None:
        finance = api.staff("finance")
        answers = [finance.post(ADJUSTMENTS, body(mei), key="once") for _ in range(2)]
        assert answers[0].json == answers[1].json
        assert len(finance.get(ADJUSTMENTS).json["items"]) == 1

    def test_it_wants_something_to_show_for_fraud(self, api: Api, mei: Stall) -> None:
        finance = api.staff("finance")
        missing = refused(
            finance.post(ADJUSTMENTS, body(mei, reason_code="fraud")), 422, "attachment-missing"
        )
        assert missing["reason_code"] == "fraud"
        made = finance.post(ADJUSTMENTS, body(mei, -1, reason_code="fraud", attachments=[paper()]))
        assert made.status_code == 201
        plain = finance.post(ADJUSTMENTS, body(mei)).json
        path = f"{ADJUSTMENTS}/{plain['id']}"
        edit = {"reason_code": "fraud"}
        refused(finance.patch(path, edit, if_match=1), 422, "attachment-missing")
        grown = finance.post(f"{path}/attachments", paper())
        assert (grown.status_code, grown.json["version"]) == (201, 2)
        assert finance.patch(path, edit, if_match=2).json["reason_code"] == "fraud"
        wrong = finance.post(f"{path}/attachments", paper(media_type="image/png"))
        assert faults(wrong) == {"/content"}


class TestChanging:
    def test_it_changes_a_proposal_that_was_read(self, api: Api, mei: Stall) -> None:
        finance = api.staff("finance", "lin")
        path = f"{ADJUSTMENTS}/{proposed(mei.leader_id, 5_000).id}"
        assert finance.patch(path, {"amount_fen": 1}).status_code == 428
        changed = finance.patch(path, {"amount_fen": 4_500}, if_match=1)
        assert (changed.json["amount_fen"], changed.headers["ETag"]) == (4_500, '"2"')
        assert changed.json["edited_by"] == finance.id
        refused(finance.patch(path, {"amount_fen": 1}, if_match=1), 412, "stale-version")
        assert faults(finance.patch(path, {"amount_fen": 0}, if_match=2)) == {"/amount_fen"}
        assert faults(finance.patch(path, {"leader_id": "x"}, if_match=2)) == {"/leader_id"}

    def test_it_takes_a_proposal_back(self, api: Api, mei: Stall) -> None:
        finance = api.staff("finance")
        path = f"{ADJUSTMENTS}/{proposed(mei.leader_id, 5_000).id}"
        assert finance.delete(path).status_code == 428
        refused(finance.delete(path, if_match=7), 412, "stale-version")
        assert finance.delete(path, if_match=1).status_code == 204
        shown = finance.get(path).json
        assert (shown["state"], shown["withdrawn_by"]) == ("withdrawn", finance.id)

    @pytest.mark.parametrize("end", ["approval", "rejection", "withdrawal"])
    def test_it_never_changes_what_is_decided(self, api: Api, mei: Stall, end: str) -> None:
        adjustment = proposed(mei.leader_id, 5_000)
        path = f"{ADJUSTMENTS}/{adjustment.id}"
        finance, approver = api.staff("finance"), api.staff("approver")
        if end == "withdrawal":
            finance.delete(path, if_match=1)
        else:
            words = {"version": 1} if end == "approval" else {"reason": "No photo"}
            assert approver.post(f"{path}/{end}", words).status_code == 200
        for refusal in (
            finance.patch(path, {"amount_fen": 1}, if_match=2),
            finance.delete(path, if_match=2),
            finance.post(f"{path}/attachments", paper()),
            approver.post(f"{path}/approval", {"version": 2}),
            approver.post(f"{path}/rejection", {"reason": "x"}),
        ):
            refused(refusal, 409, "not-in-this-state")
        for statement in (
            update(Adjustment).values(amount_fen=1),
            delete(Adjustment),
        ):
            with pytest.raises(DBAPIError, match="never changes"), session().begin_nested():
                session().execute(statement, execution_options={"synchronize_session": False})


class TestDeciding:
    def test_it_is_approved_as_it_was_read_by_another_person(self, api: Api, mei: Stall) -> None:
        finance, approver = api.staff("finance"), api.staff("approver")
        path = f"{ADJUSTMENTS}/{finance.post(ADJUSTMENTS, body(mei)).json['id']}"
        assert finance.post(f"{path}/approval", {"version": 1}).status_code == 403
        finance.patch(path, {"amount_fen": 50_000}, if_match=1)
        refused(approver.post(f"{path}/approval", {"version": 1}), 412, "stale-version")
        answer = approver.post(f"{path}/approval", {"version": 2})
        assert (answer.json["state"], answer.json["decided_by"]) == ("approved", approver.id)
        told = session().query(AuditEntry).order_by(AuditEntry.at, AuditEntry.id)
        actions = [e.action for e in told if e.subject == answer.json["id"]]
        assert actions == ["adjustment.propose", "adjustment.edit", "adjustment.approve"]

    def test_it_is_rejected_for_a_reason(self, api: Api, mei: Stall) -> None:
        approver = api.staff("approver")
        path = f"{ADJUSTMENTS}/{proposed(mei.leader_id, 5_000).id}"
        assert faults(approver.post(f"{path}/rejection")) == {"/reason"}
        answer = approver.post(f"{path}/rejection", {"reason": "No photo"})
        assert (answer.json["state"], answer.json["note"]) == ("rejected", "No photo")

    def test_it_refuses_whoever_ever_changed_it_or_gave_it_a_file(
        self, api: Api, mei: Stall
    ) -> None:
        finance, own = api.staff("finance"), proposed(mei.leader_id, 5_000)
        path = f"{ADJUSTMENTS}/{own.id}"
        editor, clerk = api.staff("finance", "lin"), api.staff("finance", "hai")
        assert editor.patch(path, {"amount_fen": 9_000}, if_match=1).status_code == 200
        assert clerk.post(f"{path}/attachments", paper()).status_code == 201
        assert finance.patch(path, {"reason": "The van was late"}, if_match=3).status_code == 200
        for author in (editor, clerk):
            answer = promoted(api, author).post(f"{path}/approval", {"version": 4})
            refused(answer, 409, "adjuster-is-proposer")

    def test_it_refuses_whoever_proposed_or_changed_it(self, api: Api, mei: Stall) -> None:
        approver = api.staff("approver")
        both = Actor(kind="staff", id=approver.id, role="approver")
        own = proposed(mei.leader_id, 5_000, actor=both)
        for step, words in (("approval", {"version": 1}), ("rejection", {"reason": "x"})):
            answer = approver.post(f"{ADJUSTMENTS}/{own.id}/{step}", words)
            refused(answer, 409, "adjuster-is-proposer")
        signed = {"state": "approved", "decided_by": both.id, "decided_at": own.proposed_at}
        with pytest.raises(DBAPIError, match="decided_by_another"), session().begin_nested():
            session().execute(update(Adjustment).values(**signed))

    def test_it_lets_only_who_may(self, api: Api, mei: Stall) -> None:
        adjustment = proposed(mei.leader_id, 5_000)
        path = f"{ADJUSTMENTS}/{adjustment.id}"
        for outsider, status in ((api.anonymous, 401), (api.shopper("zed"), 403)):
            assert outsider.get(ADJUSTMENTS).status_code == status
            assert outsider.get(path).status_code == status
            assert outsider.post(f"{path}/approval", {"version": 1}).status_code == status
        assert api.staff("approver").post(ADJUSTMENTS, body(mei)).status_code == 403
        nothing = f"{ADJUSTMENTS}/adj_{'0' * 32}"
        refused(api.staff("auditor").get(nothing), 404, "not-found")
        refused(api.staff("auditor").get(f"{path}/attachments/att_{'0' * 32}"), 404, "not-found")

    def test_it_keeps_its_files(self, api: Api, mei: Stall) -> None:
        api.staff("finance").post(ADJUSTMENTS, body(mei, attachments=[paper()]))
        for statement in (
            update(AdjustmentAttachment).values(name="x"),
            delete(AdjustmentAttachment),
        ):
            with pytest.raises(DBAPIError, match="append-only"), session().begin_nested():
                session().execute(statement, execution_options={"synchronize_session": False})


class TestBooking:
    def test_it_stands_in_the_month_in_whose_window_it_was_approved(
        self, api: Api, mei: Stall
    ) -> None:
        mei.sell_each(600_000)
        early = adjusted(mei.leader_id, 1_000, at=local("2026-01-05 12:00"))
        last = adjusted(mei.leader_id, -300, at=local("2026-04-07 23:59"))
        first = adjusted(mei.leader_id, 20, at=local("2026-04-08 00:00"))
        proposed(mei.leader_id, 7)
        march = approved(MARCH)
        own = statement_of(mei.leader_id, MARCH)
        assert (own.adjustment_fen, own.payable_fen) == (700, 30_700)
        assert {c.key: c.amount_fen for c in components_of(own)} == {early.id: 1_000, last.id: -300}
        [told, *_] = components_of(own)
        assert told.inputs["approved_by"] == APPROVER.id
        approved(APRIL)
        own = statement_of(mei.leader_id, APRIL)
        assert [(c.key, c.amount_fen) for c in components_of(own)] == [(first.id, 20)]
        assert (own.payable_fen, own.carry_out_fen) == (20, 20)
        auditor = api.staff("auditor")
        booked = auditor.get(ADJUSTMENTS, month=MARCH).json["items"]
        assert [item["id"] for item in booked] == [last.id, early.id]
        assert booked[0]["booked"] == {
            "statement_id": statement_of(mei.leader_id, MARCH).id,
            "month": march.month,
            "settled": True,
        }
        shown = auditor.get(f"/hq/statements/{own.id}/components").json["items"]
        assert shown[0]["explanation"] == "adjustment: The van was late"
        assert broken() == []

    def test_it_makes_a_statement_for_who_sold_nothing(self, api: Api, mei: Stall) -> None:
        adjustment = adjusted(mei.leader_id, 12_000)
        calculated(MARCH)
        assert statement_of(mei.leader_id, MARCH).payout_fen == 12_000
        shown = api.staff("auditor").get(f"{ADJUSTMENTS}/{adjustment.id}").json
        assert (shown["booked"]["month"], shown["booked"]["settled"]) == (MARCH, False)

    def test_it_lists_by_what_is_asked_for(
        self, api: Api, mei: Stall, count_statements: Callable[[], Any]
    ) -> None:
        lan = commissions.stall()
        kept = [proposed(mei.leader_id, n, reason_code="other").id for n in (1, 2, 3, 4)]
        adjusted(lan.leader_id, 5)
        auditor = api.staff("auditor")
        for query in ({"reason_code": "other"}, {"state": "proposed"}, {"leader": mei.leader_id}):
            items = auditor.get(ADJUSTMENTS, **query).json["items"]
            assert [item["id"] for item in items] == kept[::-1]
        assert auditor.get(ADJUSTMENTS, month=MARCH).json == {"items": [], "next_cursor": None}
        assert auditor.get(ADJUSTMENTS, state="lost").status_code == 422
        counts = []
        for limit in (1, 4):
            with count_statements() as statements:
                page = auditor.get(ADJUSTMENTS, limit=limit).json
            assert (len(page["items"]), bool(page["next_cursor"])) == (limit, True)
            counts.append(len(statements))
        assert counts[0] == counts[1]
        rest = auditor.get(ADJUSTMENTS, limit=4, cursor=page["next_cursor"]).json
        assert [item["id"] for item in rest["items"]] == kept[:1]


class TestUndoing:
    def test_it_is_undone_once_by_its_opposite(
        self, api: Api, mei: Stall, clock: ManualClock
    ) -> None:
        mei.sell_each(600_000)
        finance, approver = api.staff("finance"), api.staff("approver")
        adjustment = adjusted(mei.leader_id, 1_000, reason_code="penalty")
        approved(MARCH)
        clock.at = local("2026-04-20 12:00")
        path = f"{ADJUSTMENTS}/{adjustment.id}/reversal"
        undone = finance.post(path, {"reason": "Paid twice"})
        assert undone.status_code == 201
        assert (undone.json["amount_fen"], undone.json["reason_code"]) == (-1_000, "penalty")
        assert undone.json["reverses_id"] == adjustment.id
        again = refused(finance.post(path, {"reason": "x"}), 409, "already-reversed")
        assert again["reversal_id"] == undone.json["id"]
        own = f"{ADJUSTMENTS}/{undone.json['id']}"
        assert faults(finance.patch(own, {"amount_fen": -5}, if_match=1)) == {"/"}
        assert finance.patch(own, {"reason": "Paid twice!"}, if_match=1).status_code == 200
        refused(finance.post(f"{own}/reversal", {"reason": "x"}), 409, "not-in-this-state")
        assert approver.post(f"{own}/approval", {"version": 2}).status_code == 200
        shown = finance.get(f"{ADJUSTMENTS}/{adjustment.id}").json
        assert shown["reversed_by"] == undone.json["id"]
        approved(APRIL)
        assert statement_of(mei.leader_id, APRIL).adjustment_fen == -1_000
        assert broken() == []

    def test_it_is_undone_anew_after_the_first_reversal_was_rejected(
        self, api: Api, mei: Stall
    ) -> None:
        path = f"{ADJUSTMENTS}/{adjusted(mei.leader_id, 1_000).id}/reversal"
        finance, approver = api.staff("finance"), api.staff("approver")
        first = finance.post(path, {"reason": "Paid twice"}).json["id"]
        approver.post(f"{ADJUSTMENTS}/{first}/rejection", {"reason": "It was not"})
        assert finance.post(path, {"reason": "It was"}).status_code == 201


class TestWritingOff:
    def in_debt(self, mei: Stall, *, months: int) -> str:
        """Let Mei owe 30,000 fen at the end of April and the months after; return the last."""
        [sale] = mei.sell_each(600_000)
        approved(MARCH)
        commissions.refund(sale, 600_000, at=local("2026-04-20 12:00"))
        month = MARCH
        for _ in range(months):
            month = next_month(month)
            approved(month)
        assert statement_of(mei.leader_id, month).carry_out_fen == -30_000
        return month

    def test_it_writes_off_what_was_owed_for_a_year(
        self, api: Api, mei: Stall, clock: ManualClock
    ) -> None:
        finance, approver = api.staff("finance"), api.staff("approver")
        write_off = body(mei, 30_000, reason_code="write_off")
        none = refused(finance.post(ADJUSTMENTS, write_off), 409, "write-off-too-much")
        assert (none["owed_fen"], none["approved_fen"]) == (0, 0)
        last = self.in_debt(mei, months=11)
        early = refused(finance.post(ADJUSTMENTS, write_off), 409, "write-off-too-early")
        assert (early["since"], early["possible_from"]) == (APRIL, "2027-03")
        last = next_month(last)
        approved(last)
        clock.at = local("2027-04-20 12:00")
        finance, approver = api.staff("finance", "wen"), api.staff("approver", "an")
        more = write_off | {"amount_fen": 30_001}
        too_much = refused(finance.post(ADJUSTMENTS, more), 409, "write-off-too-much")
        assert (too_much["owed_fen"], too_much["approved_fen"]) == (30_000, 0)
        negative = write_off | {"amount_fen": -1}
        assert faults(finance.post(ADJUSTMENTS, negative)) == {"/amount_fen"}
        made = [finance.post(ADJUSTMENTS, write_off).json["id"] for _ in range(2)]
        approval = {"version": 1}
        assert approver.post(f"{ADJUSTMENTS}/{made[0]}/approval", approval).status_code == 200
        second = approver.post(f"{ADJUSTMENTS}/{made[1]}/approval", approval)
        assert refused(second, 409, "write-off-too-much")["approved_fen"] == 30_000
        approved(next_month(last))
        own = statement_of(mei.leader_id, next_month(last))
        assert (own.write_off_fen, own.carry_out_fen) == (30_000, 0)
        clock.at = local("2027-05-20 12:00")
        finance, approver = api.staff("finance", "wu"), api.staff("approver", "bai")
        path = f"{ADJUSTMENTS}/{made[0]}/reversal"
        undone = finance.post(path, {"reason": "Mei paid after all"}).json["id"]
        assert approver.post(f"{ADJUSTMENTS}/{undone}/approval", approval).status_code == 200
        approved("2027-05")
        assert statement_of(mei.leader_id, "2027-05").write_off_fen == -30_000
        assert broken() == []
