"""Taking turns where several rows make one truth."""

from sqlalchemy import func, select

from groupbuy.kernel.db import session


def take_turns(*, queue: str, key: str = "") -> None:
    """Let nobody else into the same queue, for the same key, until the transaction ends."""
    lock = func.hashtextextended(f"payouts/{queue}/{key}", 0)
    session().execute(select(func.pg_advisory_xact_lock(lock)))
