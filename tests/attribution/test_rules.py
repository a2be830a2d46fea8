"""Attribution's tables, line by line."""

from datetime import UTC, datetime, timedelta

import pytest

from groupbuy.attribution.rules import (
    Claim,
    Lock,
    Policy,
    Reason,
    Rule,
    Touch,
    touch_outcome,
    weigh,
    winner,
)

T = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
POLICY = Policy()


def lock_of(leader: str, *, since: datetime = T, policy: Policy = POLICY) -> Lock:
    return Lock(leader, since, policy.expiry(since))


class TestTouch:
    """What a touch does to a lock."""

    def test_it_locks_a_free_customer_for_the_validity(self) -> None:
        outcome = touch_outcome(POLICY, Touch("mei", T), None)
        assert outcome.reason is Reason.LOCKED
        assert outcome.opened == Lock("mei", T, T + timedelta(days=365))

    def test_it_only_records_a_leaders_touch_of_themself(self) -> None:
        outcome = touch_outcome(POLICY, Touch("mei", T, by_leader_self=True), None)
        assert (outcome.reason, outcome.opened) == (Reason.SELF, None)

    def test_it_only_records_a_touch_for_an_inactive_leader(self) -> None:
        outcome = touch_outcome(POLICY, Touch("mei", T, leader_active=False), None)
        assert (outcome.reason, outcome.opened) == (Reason.LEADER_INACTIVE, None)

    def test_it_does_not_lock_a_customer_who_is_not_eligible(self) -> None:
        outcome = touch_outcome(POLICY, Touch("mei", T, customer_eligible=False), None)
        assert (outcome.reason, outcome.opened) == (Reason.NOT_ELIGIBLE_CUSTOMER, None)

    def test_it_changes_nothing_for_the_leader_who_holds_the_lock(self) -> None:
        outcome = touch_outcome(POLICY, Touch("mei", T + timedelta(days=40)), lock_of("mei"))
        assert (outcome.reason, outcome.opened) == (Reason.ALREADY_LOCKED, None)

    @pytest.mark.parametrize(
        ("after", "reason"),
        [
            (timedelta(days=30) - timedelta(microseconds=1), Reason.LOCK_PROTECTED),
            (timedelta(days=30), Reason.LOCK_TAKEN_OVER),
        ],
    )
    def test_it_takes_over_exactly_when_the_protection_ends(
        self, after: timedelta, reason: Reason
    ) -> None:
        outcome = touch_outcome(POLICY, Touch("tao", T + after), lock_of("mei"))
        assert outcome.reason is reason
        assert (outcome.opened is not None) == (reason is Reason.LOCK_TAKEN_OVER)

    def test_it_never_takes_over_when_protection_is_for_ever(self) -> None:
        policy = Policy(validity_days=None, protect_days=None)
        touch = Touch("tao", T + timedelta(days=3650))
        assert touch_outcome(policy, touch, lock_of("mei", policy=policy)).reason is (
            Reason.LOCK_PROTECTED
        )

    def test_it_locks_anew_exactly_at_expiry(self) -> None:
        held = Lock("mei", T, T + timedelta(days=10))
        policy = Policy(protect_days=None)
        before = touch_outcome(policy, Touch("tao", T + timedelta(days=10, seconds=-1)), held)
        at = touch_outcome(policy, Touch("tao", T + timedelta(days=10)), held)
        assert (before.reason, at.reason) == (Reason.LOCK_PROTECTED, Reason.LOCKED)

    def test_it_frees_the_customer_of_an_inactive_leader(self) -> None:
        outcome = touch_outcome(POLICY, Touch("tao", T), lock_of("mei"), lock_leader_active=False)
        assert outcome.reason is Reason.LOCKED


class TestDecision:
    """Whose an order is."""

    CLAIMS = {  # noqa: RUF012
        Rule.HOSTED: Claim("host", True),
        Rule.LOCK: Claim("locked", True, lock=lock_of("locked")),
        Rule.LINK: Claim("shared", True, touched_at=T),
        Rule.PICKUP: Claim("point", True),
    }

    def test_it_takes_the_first_accepted_in_order_of_priority(self) -> None:
        assert winner(weigh(POLICY, self.CLAIMS, T)) == (Rule.HOSTED, "host")
        turned = Policy(priority=(Rule.PICKUP, Rule.LINK, Rule.LOCK, Rule.HOSTED))
        assert winner(weigh(turned, self.CLAIMS, T)) == (Rule.PICKUP, "point")

    def test_it_is_a_house_order_when_nobody_has_a_claim(self) -> None:
        candidates = weigh(POLICY, {}, T)
        assert winner(candidates) == (Rule.NONE, None)
        assert {candidate.reason for candidate in candidates} == {Reason.NO_CANDIDATE}

    def test_it_keeps_every_candidate_with_its_reason(self) -> None:
        claims = {
            Rule.HOSTED: Claim("host", False),
            Rule.LOCK: Claim("locked", True, lock=Lock("locked", T, T)),
            Rule.LINK: Claim("shared", True, touched_at=T - timedelta(days=7)),
            Rule.PICKUP: Claim("point", True),
        }
        candidates = weigh(POLICY, claims, T)
        assert [candidate.reason for candidate in candidates] == [
            Reason.LEADER_INACTIVE,
            Reason.LOCK_EXPIRED,
            Reason.TOUCH_TOO_OLD,
            Reason.ACCEPTED,
        ]
        assert winner(candidates) == (Rule.PICKUP, "point")

    def test_it_counts_a_touch_up_to_but_not_at_the_look_back(self) -> None:
        just_inside = T - timedelta(days=7) + timedelta(microseconds=1)
        claims = {Rule.LINK: Claim("shared", True, touched_at=just_inside)}
        assert winner(weigh(POLICY, claims, T)) == (Rule.LINK, "shared")
        later = {Rule.LINK: Claim("shared", True, touched_at=T + timedelta(seconds=1))}
        assert winner(weigh(POLICY, later, T)) == (Rule.NONE, None)
