"""WeChat transfers: what is asked, what each state means, what leaders need, how it ends."""

from typing import Any

import pytest
from flask import Flask

from groupbuy.kernel.observability import hide_secrets
from groupbuy.payouts.providers.interface import Outcome, Transfer
from groupbuy.payouts.providers.wechat_transfer import STATES
from groupbuy.payouts.rules.states import AttemptState
from tests.doubles import server
from tests.doubles.server import Fault
from tests.doubles.wechat_pay import APP_ID, BILLS, MCH_ID, WeChatPayDouble
from tests.payouts.providers.stages import DAY, OPENID, WeChatStage, transfer

NAME = "梅团长"


def submit(stage: WeChatStage, number: str = "P1", amount_fen: int = 12_345) -> Outcome:
    return stage.channel.submit(stage.transfer(number, amount_fen))


def asked(stage: WeChatStage, number: str = "P1") -> Outcome:
    outcome = stage.channel.query(number)
    assert outcome is not None
    return outcome


class TestSubmitting:
    def test_it_asks_as_the_documentation_says(self, wechat_stage: WeChatStage) -> None:
        submit(wechat_stage)
        [request] = wechat_stage.double.seen
        assert (request.method, request.path) == ("POST", BILLS)
        assert wechat_stage.double.bills["P1"].asked == {
            "appid": APP_ID,
            "out_bill_no": "P1",
            "transfer_scene_id": "1005",
            "openid": OPENID,
            "user_name": NAME,
            "transfer_amount": 12_345,
            "transfer_remark": "2026-02 团长佣金",
            "transfer_scene_report_infos": [
                {"info_type": "岗位类型", "info_content": "社区团购团长"},
                {"info_type": "报酬说明", "info_content": "团购销售佣金"},
            ],
        }
        assert NAME.encode() not in request.body

    def test_it_gives_the_leaders_phone_what_it_needs_to_confirm(
        self, wechat_stage: WeChatStage
    ) -> None:
        outcome = submit(wechat_stage)
        assert outcome.state is AttemptState.AWAITING_USER
        assert outcome.provider_ref == wechat_stage.double.bills["P1"].transfer_bill_no
        package = {"mch_id": MCH_ID, "app_id": APP_ID, "package_info": "package/P1=="}
        assert outcome.action == package
        assert asked(wechat_stage).action == {}
        assert submit(wechat_stage).action == package

    @pytest.mark.parametrize(
        ("amount_fen", "name", "sent"),
        [(29, NAME, ""), (30, NAME, NAME), (199_999, "", ""), (200_000, NAME, NAME)],
    )
    def test_it_sends_the_name_where_it_may(
        self, wechat_stage: WeChatStage, amount_fen: int, name: str, sent: str
    ) -> None:
        payee = {"openid": OPENID, "name": name}
        outcome = wechat_stage.channel.submit(transfer("P1", amount_fen, payee))
        assert outcome.state is AttemptState.AWAITING_USER
        assert wechat_stage.double.bills["P1"].asked["user_name"] == sent

    def test_it_fails_without_sending_anything_where_a_name_is_needed(
        self, wechat_stage: WeChatStage
    ) -> None:
        nameless = transfer("P1", 200_000, {"openid": OPENID})
        outcome = wechat_stage.channel.submit(nameless)
        assert (outcome.state, outcome.reason) == (AttemptState.FAILED, "NAME_NEEDED")
        assert wechat_stage.double.bills == {}

    def test_it_does_not_fail_what_was_sent_while_there_was_a_name(
        self, wechat_stage: WeChatStage
    ) -> None:
        submit(wechat_stage, amount_fen=200_000)
        nameless = transfer("P1", 200_000, {"openid": OPENID})
        assert wechat_stage.channel.submit(nameless).state is AttemptState.AWAITING_USER
        wechat_stage.double.script(server.DROP_BEFORE_EFFECT)
        assert wechat_stage.channel.submit(nameless).state is AttemptState.UNKNOWN

    def test_it_cuts_a_long_remark(self, wechat_stage: WeChatStage) -> None:
        long = Transfer("P1", 100, wechat_stage.payee, "佣" * 40)
        assert wechat_stage.channel.submit(long).state is AttemptState.AWAITING_USER
        assert wechat_stage.double.bills["P1"].asked["transfer_remark"] == "佣" * 32

    def test_it_fails_when_the_name_is_not_the_real_one(self, wechat_stage: WeChatStage) -> None:
        wechat_stage.double.names[OPENID] = "梅梅"
        outcome = submit(wechat_stage)
        assert (outcome.state, outcome.reason) == (AttemptState.FAILED, "NAME_NOT_CORRECT")


class TestRefusals:
    """Whatever is not 200 says nothing about the bill: the same number is asked about."""

    def test_it_does_not_take_a_lack_of_money_for_a_failure(
        self, wechat_stage: WeChatStage
    ) -> None:
        wechat_stage.double.balance_fen = 100
        outcome = submit(wechat_stage)
        assert (outcome.state, outcome.reason) == (AttemptState.UNKNOWN, "NOT_ENOUGH")
        assert wechat_stage.channel.query("P1") is None
        wechat_stage.double.balance_fen = 100_000
        assert submit(wechat_stage).state is AttemptState.AWAITING_USER

    @pytest.mark.parametrize(
        ("status", "code"),
        [
            (400, "PARAM_ERROR"),
            (400, "INVALID_REQUEST"),
            (403, "NO_AUTH"),
            (429, "FREQUENCY_LIMITED"),
            (500, "SYSTEM_ERROR"),
            (400, "SOMETHING_NEW"),
        ],
    )
    def test_it_knows_nothing_by_an_error(
        self, wechat_stage: WeChatStage, status: int, code: str
    ) -> None:
        wechat_stage.double.say(status, b'{"code": "%s"}' % code.encode())
        outcome = submit(wechat_stage)
        assert (outcome.state, outcome.reason) == (AttemptState.UNKNOWN, code)
        wechat_stage.double.say(status, b'{"code": "%s"}' % code.encode())
        assert asked(wechat_stage) == Outcome(AttemptState.UNKNOWN, reason=code)

    @pytest.mark.parametrize("fault", [server.FORGED, server.STALE], ids=lambda f: f.kind.value)
    def test_it_believes_no_answer_that_wechat_pay_has_not_just_signed(
        self, wechat_stage: WeChatStage, fault: Fault
    ) -> None:
        wechat_stage.double.script(fault, fault)
        outcome = submit(wechat_stage)
        assert outcome == Outcome(AttemptState.UNKNOWN, reason="NO_ANSWER")
        assert wechat_stage.channel.query("P404") == outcome
        assert asked(wechat_stage).state is AttemptState.AWAITING_USER

    def test_it_believes_no_404_of_another_kind(self, wechat_stage: WeChatStage) -> None:
        wechat_stage.double.say(404, b'{"code": "RESOURCE_NOT_EXISTS"}')
        assert asked(wechat_stage).state is AttemptState.UNKNOWN

    def test_it_believes_no_answer_about_another_bill(self, wechat_stage: WeChatStage) -> None:
        wechat_stage.double.say(200, b'{"out_bill_no": "P2", "state": "SUCCESS"}')
        outcome = submit(wechat_stage)
        assert (outcome.state, outcome.reason) == (AttemptState.UNKNOWN, "OTHER_BILL")

    def test_it_logs_neither_keys_nor_the_payee(
        self, wechat_stage: WeChatStage, caplog: pytest.LogCaptureFixture
    ) -> None:
        wechat_stage.double.script(server.DROP_BEFORE_EFFECT, server.FORGED)
        submit(wechat_stage)
        wechat_stage.channel.query("P1")
        lines = [record.msg for record in caplog.records]
        assert [line["fault"] for line in lines if isinstance(line, dict)] == [
            "ConnectionError",
            "status 404, wrong signature",
        ]
        assert all(OPENID not in str(line) and NAME not in str(line) for line in lines)
        event: dict[str, Any] = {"event": "x", "openid": OPENID}
        assert OPENID not in str(hide_secrets(None, "", event))


class TestStates:
    @pytest.mark.parametrize(
        ("said", "state"),
        [
            ("ACCEPTED", AttemptState.SUBMITTED),
            ("PROCESSING", AttemptState.SUBMITTED),
            ("WAIT_USER_CONFIRM", AttemptState.AWAITING_USER),
            ("TRANSFERING", AttemptState.TRANSFERRING),
            ("SUCCESS", AttemptState.SUCCEEDED),
            ("FAIL", AttemptState.FAILED),
            ("CANCELLED", AttemptState.CANCELLED),
            ("CANCELING", AttemptState.UNKNOWN),
            ("SOMETHING_NEW", AttemptState.UNKNOWN),
        ],
    )
    def test_it_reads_each_state_alike_in_every_answer(
        self, wechat_stage: WeChatStage, said: str, state: AttemptState
    ) -> None:
        submit(wechat_stage)
        wechat_stage.double.move("P1", said)
        assert submit(wechat_stage).state is state
        assert asked(wechat_stage).state is state
        assert (said in STATES) == (state is not AttemptState.UNKNOWN)

    def test_it_offers_a_confirmation_only_while_there_is_one(
        self, wechat_stage: WeChatStage
    ) -> None:
        submit(wechat_stage)
        wechat_stage.double.confirm("P1")
        assert submit(wechat_stage).action == {}
        wechat_stage.double.first_state = "ACCEPTED"
        assert submit(wechat_stage, "P2").action == {}

    def test_it_takes_an_answer_without_a_state_for_none(self, wechat_stage: WeChatStage) -> None:
        wechat_stage.double.say(200, b'{"out_bill_no": "P1", "state": null}')
        assert submit(wechat_stage) == Outcome(AttemptState.UNKNOWN, reason="NO_STATE")


class TestEnds:
    def test_it_succeeds_once_the_leader_confirms(self, wechat_stage: WeChatStage) -> None:
        submit(wechat_stage)
        wechat_stage.double.advance(DAY - 1)
        assert asked(wechat_stage).state is AttemptState.AWAITING_USER
        wechat_stage.double.confirm("P1")
        assert asked(wechat_stage).state is AttemptState.SUCCEEDED
        wechat_stage.double.advance(DAY)
        assert asked(wechat_stage).state is AttemptState.SUCCEEDED

    def test_it_fails_when_nobody_confirms_for_a_day(self, wechat_stage: WeChatStage) -> None:
        before = wechat_stage.double.balance_fen
        submit(wechat_stage)
        wechat_stage.double.advance(DAY)
        wechat_stage.double.confirm("P1")
        outcome = asked(wechat_stage)
        assert (outcome.state, outcome.reason) == (AttemptState.FAILED, "OVERDUE_CLOSE")
        assert wechat_stage.double.balance_fen == before
        assert submit(wechat_stage).state is AttemptState.FAILED

    def test_it_is_cancelled_when_wechat_pay_says_so(self, wechat_stage: WeChatStage) -> None:
        submit(wechat_stage)
        cancelling = wechat_stage.channel.cancel("P1")
        assert (cancelling.state, cancelling.reason) == (AttemptState.UNKNOWN, "CANCELING")
        assert wechat_stage.channel.cancel("P1") == cancelling
        wechat_stage.double.move("P1", "CANCELLED", "MCH_CANCEL")
        cancelled = asked(wechat_stage)
        assert (cancelled.state, cancelled.reason) == (AttemptState.CANCELLED, "MCH_CANCEL")
        assert wechat_stage.channel.cancel("P1").state is AttemptState.CANCELLED

    def test_it_tells_how_it_stands_when_it_is_too_late_to_cancel(
        self, wechat_stage: WeChatStage
    ) -> None:
        submit(wechat_stage)
        wechat_stage.double.confirm("P1")
        assert wechat_stage.channel.cancel("P1").state is AttemptState.SUCCEEDED

    def test_it_does_not_take_an_unknown_number_for_cancelled(
        self, wechat_stage: WeChatStage
    ) -> None:
        outcome = wechat_stage.channel.cancel("P404")
        assert (outcome.state, outcome.reason) == (AttemptState.UNKNOWN, "NOT_FOUND")

    def test_it_has_no_list(self, app: Flask, wechat_stage: WeChatStage) -> None:
        now = wechat_stage.now()
        assert wechat_stage.channel.records(now, now) is None


class TestDouble:
    """What the tests above lean on."""

    @pytest.mark.parametrize(
        "changes",
        [{"openid": ""}, {"amount_fen": 9}, {"number": "P-1"}, {"remark": ""}],
        ids=lambda changes: next(iter(changes)),
    )
    def test_it_refuses_what_the_documents_do_not_allow(
        self, wechat_pay: WeChatPayDouble, wechat_stage: WeChatStage, changes: dict[str, Any]
    ) -> None:
        wrong = Transfer(
            changes.get("number", "P1"),
            changes.get("amount_fen", 100),
            {"openid": changes.get("openid", OPENID)},
            changes.get("remark", "佣金"),
        )
        assert wechat_stage.channel.submit(wrong).reason == "PARAM_ERROR"
        assert wechat_pay.bills == {}
