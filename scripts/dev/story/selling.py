"""A week of selling: a campaign, orders, parcels, and what goes wrong with some of them."""

from datetime import datetime, timedelta

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
from groupbuy.pricing.rules import Wanted
from scripts.dev.story.company import NEIGHBOURS, Company
from scripts.dev.story.shop import GOODS

GOODS_IN_A_BASKET = 3


def sell_a_week(company: Company, opens_at: datetime, *, finish: bool) -> None:
    """Run a campaign of a week; hand everything over unless it is the present one."""
    _offer_goods(company, opens_at)
    company.time.at = opens_at
    with transaction():
        campaigns.advance(now=company.now)
    hosts = list(company.leaders) if finish else ["mei"]
    for neighbour in NEIGHBOURS:
        company.time.advance(hours=3)
        for name in hosts:
            _buy(company, neighbour, name)
    for name in hosts:
        company.time.advance(hours=10)
        _deliver(company, name, hand_over=finish)
    if finish:
        company.time.at = opens_at + timedelta(days=7)
        with transaction():
            campaigns.advance(now=company.now)
            moving.complete_due(now=company.now)


def _offer_goods(company: Company, opens_at: datetime) -> None:
    operator = company.staff["operator"]
    company.time.at = opens_at - timedelta(hours=6)
    prices = zip(company.skus, (good[3] for good in GOODS), strict=True)
    with transaction():
        campaign = campaigns.create(
            kind="community",
            title="邻里好物周 Good things this week",
            description="下单后次日到自提点。 Order today, fetch it tomorrow.",
            opens_at=opens_at,
            closes_at=opens_at + timedelta(days=7),
            items=[{"sku_id": s, "price_fen": p, "allotment": 300} for s, p in prices],
            actor=operator,
            now=company.now,
        )
        campaigns.schedule(campaign_id=campaign.id, actor=operator, now=company.now)
        for name, leader_id in company.leaders.items():
            hosted = campaigns.host(
                leader_id=leader_id,
                campaign_id=campaign.id,
                community_id=company.communities[name],
                pickup_point_id=company.points[name],
                actor=company.leader(name),
                now=company.now,
            )
            company.groups[name] = hosted.id


def _buy(company: Company, neighbour: str, name: str) -> None:
    wanted = company.random.sample(range(len(GOODS)), GOODS_IN_A_BASKET)
    basket = [Wanted(company.skus[i], company.random.randint(1, 3)) for i in wanted]
    total = sum(GOODS[i][3] * line.quantity for i, line in zip(wanted, basket, strict=True))
    shopper_id = company.shopper(neighbour)
    with transaction():
        placed = placing.place(
            shopper_id=shopper_id,
            lines=basket,
            group_buy_id=company.groups[name],
            pickup_point_id=None,
            quote_total_fen=total,
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
    month = settings().calendar.month_of(company.now)
    company.orders[month, neighbour, name] = placed.order.id


def _deliver(company: Company, name: str, *, hand_over: bool) -> None:
    operator = company.staff["operator"]
    with transaction():
        shipment = fulfilment.create_shipment(
            pickup_point_id=company.points[name], campaign_id=None, actor=operator, now=company.now
        ).shipment
        fulfilment.dispatch(shipment_id=shipment.id, actor=operator, now=company.now)
        fulfilment.arrive(shipment_id=shipment.id, actor=operator, now=company.now)
        if hand_over:
            parcels = fulfilment_queries.parcels(shipment_id=shipment.id, limit=100, cursor=None)
            for parcel in parcels.items:
                fulfilment.redeem(
                    pickup_point_id=company.points[name],
                    code=orders.order(parcel.order_ids[0]).pickup_code or "",
                    actor=company.leader(name),
                    now=company.now,
                    after_sale=timedelta(hours=settings().after_sale_hours),
                )


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
