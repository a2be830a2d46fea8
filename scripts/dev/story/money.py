"""A month's money: settled by two people, answered by the leaders, paid by two people."""

from datetime import datetime, timedelta

from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import run_pending
from groupbuy.kernel.settings import settings
from groupbuy.payouts import services as payouts
from groupbuy.settlement import jobs as settlement_jobs
from groupbuy.settlement import queries as settled
from groupbuy.settlement import services as settlement
from scripts.dev.story.company import Company

CHANNEL = "demo"


def settle(company: Company, month: str, cutoff: datetime) -> None:
    """Close and calculate a month as finance, approve it as the approver."""
    finance, approver = company.staff["finance"], company.staff["approver"]
    company.time.at = cutoff + timedelta(minutes=10)
    with transaction():
        settlement.start_closing(
            month=month,
            calendar=settings().calendar,
            hold_days=settings().hold_days,
            min_payout_fen=settings().min_payout_fen,
            actor=finance,
            now=company.now,
        )
    settlement_jobs.calculate_month(month=month, actor=finance)
    with transaction():
        period = settlement.submit(month=month, actor=finance, now=company.now)
        settlement.approve(
            month=month,
            digest=period.digest or "",
            actor=approver,
            now=company.now,
            confirm_days=settings().statement_confirm_days,
        )


def answer(company: Company) -> None:
    """Let each leader confirm their statement and say where to be paid."""
    company.time.advance(hours=10)
    for name, leader_id in company.leaders.items():
        with transaction():
            for own in settled.own_statements(leader_id=leader_id, limit=10, cursor=None).items:
                settlement.confirm(
                    statement_id=own.id,
                    leader_id=leader_id,
                    actor=company.leader(name),
                    now=company.now,
                )
            payouts.set_account(
                leader_id=leader_id,
                kind="demo",
                details={"name": name.capitalize()},
                wait_hours=settings().payout_account_wait_hours,
                keys=settings().payout_key_ring,
                actor=company.leader(name),
                now=company.now,
            )


def tax(company: Company) -> None:
    """Say how everyone is taxed: they send invoices."""
    with transaction():
        regime = payouts.create_regime(
            regime="none",
            effective_from=company.now,
            leader_id=None,
            note="演示：团长自行开票 for the demo: leaders send invoices",
            calendar=settings().calendar,
            actor=company.staff["finance"],
            now=company.now,
        )
        payouts.approve_regime(
            regime_id=regime.id, actor=company.staff["approver"], now=company.now
        )


def pay(company: Company, month: str) -> None:
    """Pay what a month's statements say, by the demo channel."""
    finance = company.staff["finance"]
    company.time.advance(hours=5)
    with transaction():
        batch = payouts.create_batch(
            channel=CHANNEL, month=month, leaders=None, actor=finance, now=company.now
        )
        payouts.approve_batch(
            batch_id=batch.id,
            digest=batch.digest,
            actor=company.staff["approver"],
            now=company.now,
        )
        payouts.execute_batch(batch_id=batch.id, actor=finance, now=company.now)
    run_pending()


def lock(company: Company, month: str) -> None:
    """Say the last word on a month whose statements are answered and paid."""
    company.time.advance(hours=1)
    with transaction():
        settlement.lock(month=month, actor=company.staff["approver"], now=company.now)
