"""Calendar feeds: a leader's secret address, made, shown again, revoked."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders.models import Leader
from groupbuy.leaders.rules import LeaderState
from groupbuy.training.models import CalendarFeed


def feed_token(*, leader_id: str, secret: bytes, now: datetime) -> str:
    """Return the token of a leader's calendar; the first time, and after revoking it, a new one.

    After the school's secret has changed it is another one, and the old one leads nowhere.
    """
    new = insert(CalendarFeed).values(
        leader_id=leader_id,
        nonce=secrets.token_hex(16),
        token_hash=secrets.token_bytes(32),
        created_at=now,
    )
    session().execute(new.on_conflict_do_nothing(index_elements=["leader_id"]))
    query = select(CalendarFeed).where(CalendarFeed.leader_id == leader_id).with_for_update()
    feed = session().scalars(query.execution_options(populate_existing=True)).one()
    message = f"calendar/{leader_id}/{feed.nonce}".encode()
    digest = hmac.digest(secret, message, hashlib.sha256)
    token = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if feed.token_hash != _hash(token):
        feed.token_hash = _hash(token)
        session().flush()
    return token


def revoke_feed(*, leader_id: str) -> None:
    """Take a leader's calendar away from whoever knows its address; repeatable."""
    session().execute(delete(CalendarFeed).where(CalendarFeed.leader_id == leader_id))


def feed_owner(*, token: str) -> str:
    """Return whose calendar a token opens: an active leader's.

    Raises:
        NotFound: it is not a token, was revoked, or its leader is suspended.
    """
    query = (
        select(CalendarFeed.leader_id)
        .join(Leader, Leader.id == CalendarFeed.leader_id)
        .where(CalendarFeed.token_hash == _hash(token), Leader.state == LeaderState.ACTIVE)
    )
    leader_id = session().scalar(query)
    if leader_id is None:
        raise NotFound
    return leader_id


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
