"""An order and the group buy it was placed in, as a payment finds them."""

from dataclasses import dataclass, replace

from sqlalchemy import bindparam, select

from groupbuy.campaigns import queries as campaign_queries
from groupbuy.campaigns import services as campaigns
from groupbuy.campaigns.models import Campaign, GroupBuy
from groupbuy.campaigns.rules import CALLED_OFF, UNDECIDED
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound
from groupbuy.orders.models import Order


@dataclass(frozen=True, slots=True)
class Group:
    """How an order's group buy stands; `counted` tells that its sales are counted as they come."""

    id: str
    campaign_id: str
    state: str
    kind: str
    counted: bool

    @property
    def undecided(self) -> bool:
        """Tell whether its outcome is still open."""
        return self.state in UNDECIDED

    @property
    def called_off(self) -> bool:
        """Tell whether its orders are given back."""
        return self.state in CALLED_OFF

    @property
    def waits(self) -> bool:
        """Tell whether what is paid now waits for the outcome."""
        return self.undecided and campaign_queries.orders_wait(self.kind)


def locked_with_group(*, order_id: str) -> tuple[Order, Group | None]:
    """Return an order, locked for the rest of the transaction, and its group buy if it has one.

    One statement; a group buy that is counted is held by another one, so that it is not decided
    while the order is paid.

    Raises:
        NotFound: there is no such order.
    """
    row = session().execute(_ORDER_WITH_GROUP, {"order_id": order_id}).one_or_none()
    if row is None:
        raise NotFound
    order, state, kind, counted = row
    if order.group_buy_id is None:
        return order, None
    group = Group(order.group_buy_id, order.campaign_id or "", state, kind, counted)
    if counted:
        group = replace(group, state=campaigns.hold_group_buys(group_buy_ids=[group.id])[group.id])
    return order, group


_ORDER_WITH_GROUP = (
    select(Order, GroupBuy.state, Campaign.kind, Campaign.counted)
    .outerjoin(GroupBuy, GroupBuy.id == Order.group_buy_id)
    .outerjoin(Campaign, Campaign.id == GroupBuy.campaign_id)
    .where(Order.id == bindparam("order_id"))
    .with_for_update(of=Order)
    .execution_options(populate_existing=True)
)
