"""Group buys held together: the host offers a share, the guest answers."""

from datetime import datetime

from groupbuy.campaigns.models import Campaign, GroupBuy
from groupbuy.campaigns.rules import ON_OFFER
from groupbuy.commissions import queries
from groupbuy.commissions.errors import GroupBuyOver, GuestAlreadyProposed, SharesExceeded
from groupbuy.commissions.models import Cohost
from groupbuy.commissions.rules.monthly import CohostState
from groupbuy.commissions.rules.moves import COHOST_MOVES, moved
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.money import BPS
from groupbuy.kernel.problems import InvalidInput, NotFound
from groupbuy.kernel.texts import Text
from groupbuy.leaders import queries as leaders

MOST_SHARED_BPS = BPS - 1
NO_GUEST = Text("没有这位在职团长。", "There is no such active leader.")
OWN_GUEST = Text("不能邀请自己。", "The guest must be another leader.")


def propose_cohost(
    *,
    group_buy_id: str,
    host_leader_id: str,
    guest_leader_id: str,
    guest_bps: int,
    actor: Actor,
    now: datetime,
) -> Cohost:
    """Offer a guest a share of an own group buy's commission.

    Raises:
        NotFound: it is not the host's.
        GroupBuyOver: it takes no orders any more.
        InvalidInput: the guest is the host, or no active leader.
        GuestAlreadyProposed: the guest has a share of it already.
        SharesExceeded: with the others' shares it would be all of it.
    """
    group_buy, campaign = queries.hosted(group_buy_id)
    if group_buy.leader_id != host_leader_id:
        raise NotFound
    _refuse_over(group_buy, campaign, now)
    if guest_leader_id == host_leader_id:
        raise InvalidInput.at("/guest_leader_id", OWN_GUEST)
    if not leaders.active_leader_ids([guest_leader_id]):
        raise InvalidInput.at("/guest_leader_id", NO_GUEST)
    taken = queries.shares_taken(group_buy_id)
    if guest_leader_id in taken:
        raise GuestAlreadyProposed
    left_bps = MOST_SHARED_BPS - sum(taken.values())
    if guest_bps > left_bps:
        raise SharesExceeded(left_bps=left_bps)
    proposed = Cohost(
        group_buy_id=group_buy_id,
        host_leader_id=host_leader_id,
        guest_leader_id=guest_leader_id,
        guest_bps=guest_bps,
        proposed_at=now,
    )
    session().add(proposed)
    session().flush()
    _record(proposed, "propose", actor, now)
    return proposed


def agree_to_cohost(*, cohost_id: str, leader_id: str, actor: Actor, now: datetime) -> Cohost:
    """Accept a share as the guest; it holds for orders paid from now on.

    Raises:
        NotFound: it was offered to somebody else.
        NotInThisState: it is answered or withdrawn.
        GroupBuyOver: the group buy takes no orders any more.
    """
    proposed = _own(queries.cohost(cohost_id), guest=leader_id)
    _check(proposed, "agree")
    _refuse_over(*queries.hosted(proposed.group_buy_id), now)
    return _answered(proposed, "agree", actor, now)


def decline_cohost(*, cohost_id: str, leader_id: str, actor: Actor, now: datetime) -> Cohost:
    """Refuse a share as the guest.

    Raises:
        NotFound: it was offered to somebody else.
        NotInThisState: it is answered or withdrawn.
    """
    proposed = _own(queries.cohost(cohost_id), guest=leader_id)
    return _answered(proposed, "decline", actor, now)


def withdraw_cohost(*, cohost_id: str, leader_id: str, actor: Actor, now: datetime) -> Cohost:
    """Take an offer back as the host; what is agreed stays.

    Raises:
        NotFound: it is not the host's.
        NotInThisState: it is answered or withdrawn.
    """
    proposed = _own(queries.cohost(cohost_id), host=leader_id)
    return _answered(proposed, "withdraw", actor, now)


def _own(proposed: Cohost, *, host: str | None = None, guest: str | None = None) -> Cohost:
    if proposed.host_leader_id != host and proposed.guest_leader_id != guest:
        raise NotFound
    return proposed


def _refuse_over(group_buy: GroupBuy, campaign: Campaign, now: datetime) -> None:
    if group_buy.state not in ON_OFFER or now >= campaign.closes_at:
        raise GroupBuyOver


def _check(proposed: Cohost, action: str) -> CohostState:
    return moved(COHOST_MOVES, CohostState(proposed.state), action)


def _answered(proposed: Cohost, action: str, actor: Actor, now: datetime) -> Cohost:
    proposed.state = _check(proposed, action)
    proposed.answered_at = now
    session().flush()
    _record(proposed, action, actor, now)
    return proposed


def _record(cohost: Cohost, action: str, actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=f"cohost.{action}",
        subject=cohost.id,
        now=now,
        group_buy_id=cohost.group_buy_id,
        host_leader_id=cohost.host_leader_id,
        guest_leader_id=cohost.guest_leader_id,
        guest_bps=cohost.guest_bps,
    )
