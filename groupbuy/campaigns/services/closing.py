"""Opening and closing campaigns at their instants, and deciding their group buys.

A closed campaign waits, within the same transaction, for `decide`: whoever knows what was sold
listens to `campaign_closed` and calls it.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select, update

from groupbuy.campaigns import queries
from groupbuy.campaigns.kinds.registry import KINDS
from groupbuy.campaigns.models import Campaign, GroupBuy
from groupbuy.campaigns.rules import (
    CampaignState,
    GroupBuyFacts,
    GroupBuyState,
    campaign_succeeded,
)
from groupbuy.campaigns.services.counting import hold_group_buys, record_counts
from groupbuy.campaigns.services.moving import locked, move, move_group_buys
from groupbuy.campaigns.signals import campaign_closed
from groupbuy.inventory import services as inventory
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.signals import announce


def close(*, campaign_id: str, actor: Actor, now: datetime) -> Campaign:
    """Close an open campaign before its time, also one that is extended; nothing is extended.

    Raises:
        NotInThisState: it is not open.
    """
    campaign = locked(campaign_id)
    open_due(campaign=campaign, now=now)
    _close(campaign, actor, now)
    return campaign


def advance(*, now: datetime) -> int:
    """Open and close every campaign whose instant has come; return how many moved."""
    return sum(advance_one(campaign_id=i, now=now) for i in queries.due_campaign_ids(now=now))


def advance_one(*, campaign_id: str, now: datetime) -> bool:
    """Open or close a campaign if its instant has come; tell whether it moved.

    A campaign that somebody else is moving right now is left to them.
    """
    due = (
        select(Campaign)
        .where(Campaign.id == campaign_id, queries.is_due(now))
        .with_for_update(skip_locked=True, key_share=True)
    )
    campaign = session().scalar(due, execution_options={"populate_existing": True})
    if campaign is None:
        return False
    open_due(campaign=campaign, now=now)
    if campaign.ends_at <= now:
        _close(campaign, SYSTEM, now)
    return True


def decide(*, campaign_id: str, facts: Mapping[str, GroupBuyFacts], now: datetime) -> None:
    """Decide the group buys of a closed campaign by its kind; one without facts sold nothing.

    Those that succeeded get the final prices of their ladders. Those that missed are extended,
    once, if the campaign says so and was not closed early; the campaign is open as long as they
    are. Otherwise they failed, and the campaign ends.
    """
    campaign = locked(campaign_id)
    kind = KINDS[campaign.kind]
    closed = session().scalars(
        select(GroupBuy.id)
        .where(GroupBuy.campaign_id == campaign_id, GroupBuy.state == GroupBuyState.CLOSED)
        .order_by(GroupBuy.id)
    )
    sold = {i: facts.get(i) or GroupBuyFacts(group_buy_id=i) for i in closed}
    missed = {i for i, fact in sold.items() if not kind.outcome(campaign.terms, fact)}
    succeeded = sold.keys() - missed
    record_counts(facts=[sold[i] for i in missed])
    record_counts(facts=[sold[i] for i in succeeded], final=True)
    _move_closed(campaign, "succeed", succeeded, now)
    if missed and (until := _extension(campaign, now)) is not None:
        _extend(campaign, missed, until, now)
        return
    _move_closed(campaign, "fail", missed, now)
    _end(campaign, now)


def fulfil(*, campaign_id: str, now: datetime) -> None:
    """Record that the last order of a campaign that succeeded is completed or cancelled.

    Raises:
        NotInThisState: it did not succeed, or is fulfilled already.
    """
    campaign = locked(campaign_id)
    move(campaign=campaign, action="fulfil", actor=SYSTEM, now=now)
    move_group_buys(
        campaign=campaign, before=GroupBuyState.SUCCEEDED, action="fulfil", actor=SYSTEM, now=now
    )
    session().flush()


def record_settled(*, campaign_id: str, now: datetime) -> None:
    """Record that nothing is left to be done about the orders of a campaign that ended."""
    session().execute(
        update(Campaign)
        .where(Campaign.id == campaign_id, Campaign.settled_at.is_(None))
        .values(settled_at=now)
    )


def reopen_settling(*, campaign_id: str) -> None:
    """Have a campaign's orders looked at again: one of them came back to life."""
    session().execute(update(Campaign).where(Campaign.id == campaign_id).values(settled_at=None))


def return_leftovers(*, now: datetime) -> int:
    """Give the house what came back into ended campaigns' pools; return the units.

    Orders that were unpaid at closing, or are cancelled after it, bring stock back late.
    """
    owners = queries.item_ids_with_leftovers()
    return inventory.return_allotments(owners=owners, actor=SYSTEM, now=now)


def return_unsold(*, campaign_id: str, actor: Actor, now: datetime) -> None:
    """Give the house what a campaign did not sell or put aside."""
    owners = [item.id for item in queries.items_of(campaign_id)]
    inventory.return_allotments(owners=owners, actor=actor, now=now)


def open_due(*, campaign: Campaign, now: datetime) -> None:
    """Open a locked campaign if it is announced and its opening has come."""
    if campaign.state != CampaignState.SCHEDULED or campaign.opens_at > now:
        return
    move(campaign=campaign, action="open", actor=SYSTEM, now=now)
    campaign.opened_at = now
    move_group_buys(
        campaign=campaign, before=GroupBuyState.SCHEDULED, action="open", actor=SYSTEM, now=now
    )
    session().flush()


def _close(campaign: Campaign, actor: Actor, now: datetime) -> None:
    """Close a locked campaign and its open group buys, and let them be decided.

    It waits for payments under way, which hold their group buy if it is counted.
    """
    hold_group_buys(group_buy_ids=queries.open_group_buy_ids(campaign.id))
    paid_before = campaign.ends_at if campaign.ends_at <= now else None
    move(campaign=campaign, action="close", actor=actor, now=now)
    campaign.closed_at = now
    closed = move_group_buys(
        campaign=campaign, before=GroupBuyState.OPEN, action="close", actor=actor, now=now
    )
    session().flush()
    announce(campaign_closed, campaign, group_buy_ids=closed, paid_before=paid_before, now=now)


def _extension(campaign: Campaign, now: datetime) -> datetime | None:
    """Return until when those that missed are open once more, None if they are not."""
    hours = KINDS[campaign.kind].extension(campaign.terms)
    if hours is None or campaign.extended_until is not None or now < campaign.closes_at:
        return None
    until = campaign.closes_at + hours
    return until if until > now else None


def _extend(campaign: Campaign, missed: Collection[str], until: datetime, now: datetime) -> None:
    move_group_buys(
        campaign=campaign,
        before=GroupBuyState.CLOSED,
        action="extend",
        actor=SYSTEM,
        now=now,
        only=missed,
        extended_until=until,
    )
    move(campaign=campaign, action="extend", actor=SYSTEM, now=now, until=until.isoformat())
    campaign.extended_until, campaign.closed_at = until, None
    session().flush()


def _end(campaign: Campaign, now: datetime) -> None:
    """End a campaign whose every group buy is decided; what was not sold goes back."""
    states = session().scalars(select(GroupBuy.state).where(GroupBuy.campaign_id == campaign.id))
    succeeded = campaign_succeeded(state == GroupBuyState.SUCCEEDED for state in states)
    move(campaign=campaign, action="succeed" if succeeded else "fail", actor=SYSTEM, now=now)
    session().flush()
    return_unsold(campaign_id=campaign.id, actor=SYSTEM, now=now)


def _move_closed(campaign: Campaign, action: str, only: Collection[str], now: datetime) -> None:
    move_group_buys(
        campaign=campaign,
        before=GroupBuyState.CLOSED,
        action=action,
        actor=SYSTEM,
        now=now,
        only=only,
    )
