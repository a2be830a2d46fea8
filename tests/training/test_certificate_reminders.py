"""Holders are reminded before a certificate expires."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.notices.models import Notice
from groupbuy.training.jobs import remind_of_expiries
from groupbuy.training.models import Certificate
from groupbuy.training.rules.reminders import stage_ends_after, stage_of_certificate
from tests.factories import certificates


def told() -> list[Notice]:
    with transaction():
        query = select(Notice).where(Notice.kind == "certificate_expiring")
        return list(session().scalars(query.order_by(Notice.created_at, Notice.id)))


def left(clock: ManualClock, certificate: Certificate, days: int) -> None:
    """Move on to the morning on which so many days are left."""
    assert certificate.expires_on is not None
    today = clock.now().date()
    clock.advance(days=(certificate.expires_on - timedelta(days=days) - today).days)


@pytest.mark.parametrize(
    ("days", "stage"),
    [(61, None), (60, 60), (31, 60), (30, 30), (8, 30), (7, 7), (0, 7), (-1, None)],
)
def test_it_knows_its_stages(days: int, stage: int | None) -> None:
    assert stage_of_certificate(days) == stage


def test_it_ends_a_stage_where_the_next_begins() -> None:
    assert [stage_ends_after(stage) for stage in (60, 30, 7)] == [30, 7, -1]


def test_it_reminds_three_times(app: Flask, clock: ManualClock) -> None:
    certificate = certificates.certificate(certificates.certification())
    for days, expected in ((61, 0), (60, 1), (59, 1), (30, 2), (7, 3), (1, 3), (-1, 3)):
        left(clock, certificate, days)
        remind_of_expiries()
        remind_of_expiries()
        assert len(told()) == expected, days
    first = told()[0]
    assert first.body.en == (
        f"Your certificate “Fresh goods” (number {certificate.number}) expires on 2027-03-02, "
        "in 60 days. Renew it in time."
    )
    assert first.link == f"/leader/certificates/{certificate.id}"
    assert "还有 60 天" in first.body.zh


def test_it_says_only_the_latest_to_who_was_certified_late(app: Flask, clock: ManualClock) -> None:
    certificate = certificates.certificate(certificates.certification())
    left(clock, certificate, 5)
    remind_of_expiries()
    assert [notice.key.rsplit("/")[-1] for notice in told()] == ["7"]


def test_it_is_silent_about_what_is_revoked_suspended_or_for_good(
    app: Flask, clock: ManualClock
) -> None:
    certification = certificates.certification()
    certificates.revoked(certificates.certificate(certification))
    of_suspended = certificates.certificate(certification)
    certificates.certificate(certificates.certification(validity_days=0, renewal_window_days=0))
    with transaction():
        suspend = text("update leaders set state = 'suspended' where id = :leader")
        session().execute(suspend, {"leader": of_suspended.leader_id[4:]})
    left(clock, of_suspended, 30)
    remind_of_expiries()
    assert told() == []


def test_it_comes_to_all(app: Flask, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("groupbuy.training.services.reminding_certificates.BATCH", 2)
    certification = certificates.certification()
    made = [certificates.certificate(certification) for _ in range(5)]
    left(clock, made[0], 30)
    remind_of_expiries()
    assert len({notice.shopper_id for notice in told()}) == 5
