"""A week of selling: a campaign, orders, parcels, and what goes wrong with some of them."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from groupbuy.campaigns import services as campaigns
from groupbuy.fulfilment import queries as fulfilment_queries
from groupbuy.fulfilment import services as fulfilment
from groupbuy.holds import services as holds
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import run_pending
from groupbuy.kernel.settings import settings
from groupbuy.orders import queries as orders
from groupbuy.orders.services import moving, paying, placing
from groupbuy.orders.services.reassigning import reassign
from groupbuy.orders.services.refunding import Return, refund_lines
from groupbuy.payments.services import payments
from groupbuy.pricing import services as pricing
from groupbuy.pricing.rules import Wanted
from scripts.dev.story.company import NEIGHBOURS, Company
from scripts.dev.story.shop import GOODS

GOODS_IN_A_BASKET = 3


def sell_a_week(
    company: Company, opens_at: datetime, *, finish: bool
) -> dict[tuple[str, str], str]:
    """Run a campaign of a week; hand everything over unless it is the present one.

    Return its orders by neighbour and leader.
    """
    company.groups = announce(
        company,
        hosts=list(company.leaders),
        title="邻里好物周 Good things this week",
        description="下单后次日到自提点。 Order today, fetch it tomorrow.",
        opens_at=opens_at,
        closes_at=opens_at + timedelta(days=7),
        items=[
            {"sku_id": sku_id, "price_fen": good.price_fen, "allotment": 300}
            for sku_id, good in zip(company.skus, GOODS, strict=True)
        ],
    )
    hosts = list(company.leaders) if finish else ["mei"]
    bought = {}
    for neighbour in NEIGHBOURS:
        company.time.advance(hours=3)
        for name in hosts:
            order_id = buy(company, neighbour, company.groups[name], _basket(company))
            month = settings().calendar.month_of(company.now)
            company.orders[month, neighbour, name] = bought[neighbour, name] = order_id
    for name in hosts:
        company.time.advance(hours=10)
        deliver(company, name, hand_over=NEIGHBOURS if finish else ())
    if finish:
        company.time.at = opens_at + timedelta(days=7)
        with transaction():
            campaigns.advance(now=company.now)
            moving.complete_due(now=company.now)
    return bought


def announce(
    company: Company, *, hosts: Sequence[str], opens_at: datetime, **campaign: Any
) -> dict[str, str]:
    """Plan a campaign, let leaders host it, and open it if its instant comes before today.

    Return its group buys by leader.
    """
    operator = company.staff["operator"]
    company.time.at = max(company.now, min(opens_at, company.today) - timedelta(hours=6))
    campaign = {"kind": "community", **campaign}
    hosted = {}
    with transaction():
        planned = campaigns.create(opens_at=opens_at, **campaign, actor=operator, now=company.now)
        campaigns.schedule(campaign_id=planned.id, actor=operator, now=company.now)
        for name in hosts:
            hosted[name] = campaigns.host(
                leader_id=company.leaders[name],
                campaign_id=planned.id,
                community_id=company.communities[name],
                pickup_point_id=company.points[name],
                actor=company.leader(name),
                now=company.now,
            ).id
    if opens_at < company.today:
        company.time.at = opens_at
        with transaction():
            campaigns.advance(now=company.now)
    return hosted


def buy(company: Company, neighbour: str, group_buy_id: str, basket: Sequence[Wanted]) -> str:
    """Let a neighbour order what they want for the quoted price, and pay; return the order's id."""
    shopper_id = company.shopper(neighbour)
    with transaction():
        quoted = pricing.price_basket(
            shopper_id=shopper_id, lines=basket, group_buy_id=group_buy_id, now=company.now
        ).quote
        placed = placing.place(
            shopper_id=shopper_id,
            lines=basket,
            group_buy_id=group_buy_id,
            pickup_point_id=None,
            quote_total_fen=quoted.total_fen,
            payable_for=timedelta(minutes=settings().order_expiry_minutes),
            actor=Actor(kind="shopper", id=shopper_id, role="shopper"),
            now=company.now,
        )
        payment = paying.begin_payment(
            order_id=placed.order.id, shopper_id=shopper_id, provider="demo", now=company.now
        )
    started = payments.start(payment, now=company.now)
    with transaction():
        payments.record_start(payment_id=payment.id, started=started, now=company.now)
    run_pending()
    return str(placed.order.id)


def deliver(company: Company, name: str, *, hand_over: Collection[str]) -> None:
    """Bring what waits for a leader's point, and hand it over to some neighbours."""
    operator = company.staff["operator"]
    with transaction():
        shipment = fulfilment.create_shipment(
            pickup_point_id=company.points[name], actor=operator, now=company.now
        ).shipment
        fulfilment.dispatch(shipment_id=shipment.id, actor=operator, now=company.now)
        fulfilment.arrive(shipment_id=shipment.id, actor=operator, now=company.now)
        parcels = fulfilment_queries.parcels(shipment_id=shipment.id, limit=100, cursor=None)
        fetch = {company.shopper(neighbour) for neighbour in hand_over}
        for parcel in parcels.items:
            order = orders.order(parcel.order_ids[0])
            if order.shopper_id in fetch:
                redeem(company, name, order.id)


def redeem(company: Company, name: str, order_id: str) -> None:
    """Let a leader hand a parcel over against its code."""
    with transaction():
        fulfilment.redeem(
            pickup_point_id=company.points[name],
            code=orders.order(order_id).pickup_code or "",
            actor=company.leader(name),
            now=company.now,
            after_sale=timedelta(hours=settings().after_sale_hours),
        )


def _basket(company: Company) -> list[Wanted]:
    wanted = company.random.sample(range(len(GOODS)), GOODS_IN_A_BASKET)
    return [Wanted(company.skus[good], company.random.randint(1, 3)) for good in wanted]


def complain_late(company: Company, month: str) -> None:
    """Give money back, and an order to another leader, after their month was settled."""
    operator = company.staff["operator"]
    refunded = company.orders[month, "lan", "mei"]
    with transaction():
        refund_lines(
            order_id=refunded,
            returns=[Return(orders.lines_of(refunded)[0].id, quantity=1)],
            reason="到货后发现变质 spoiled on arrival",
            actor=operator,
            now=company.now,
        )
    run_pending()
    company.time.advance(hours=1)
    with transaction():
        reassign(
            order_id=company.orders[month, "jun", "tao"],
            leader_id=company.leaders["mei"],
            reason="顾客由 Mei 邀请而来 the shopper came by Mei",
            actor=operator,
            now=company.now,
        )


def suspect(company: Company, month: str) -> None:
    """Put an order on hold that looks wrong; somebody else has to decide."""
    with transaction():
        holds.place_by_hand(
            order_id=company.orders[month, "fei", "tao"],
            reason="顾客称未下过此单 the shopper says that they never ordered it",
            actor=company.staff["operator"],
            now=company.now,
        )
