"""Behind the counter: what is bought, driven, not fetched, complained about and compared."""

import base64
from datetime import timedelta

from groupbuy.fulfilment import queries as fulfilment_queries
from groupbuy.fulfilment import services as fulfilment
from groupbuy.fulfilment.queries import Bought
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.settings import settings
from groupbuy.orders import queries as orders
from groupbuy.orders.rules.after_sales import AfterSaleReason
from groupbuy.orders.services import after_sales, moving
from groupbuy.orders.services.refunding import Return
from groupbuy.payments import queries as payment_queries
from groupbuy.payments import services as payments
from groupbuy.pricing.rules import Wanted
from scripts.dev.story.company import Company
from scripts.dev.story.drawing import picture
from scripts.dev.story.selling import buy, redeem
from scripts.dev.story.shop import FARM, FRUIT, bring_picture

VEGETABLES = (3, 4)


def remind(company: Company) -> None:
    """Complete what was fetched, and remind whoever did not come in time."""
    company.time.at = company.today - timedelta(days=2, hours=12)
    after = timedelta(days=settings().unclaimed_after_days)
    grace = timedelta(hours=settings().unclaimed_grace_hours)
    with transaction():
        moving.complete_due(now=company.now)
        for parcel_id in fulfilment_queries.parcel_ids_due(after=after, now=company.now):
            fulfilment.remind(parcel_id=parcel_id, after=after, grace=grace, now=company.now)


def prepare_a_delivery(company: Company) -> None:
    """Sell at Tao's, pack what was sold, give it a route, and buy vegetables from the farm."""
    operator = company.staff["operator"]
    for neighbour in ("min", "xia"):
        company.time.advance(hours=1)
        basket = [Wanted(company.skus[good], 3) for good in (*FRUIT[:2], *VEGETABLES)]
        buy(company, neighbour, company.groups["tao"], basket)
    with transaction():
        shipment = fulfilment.create_shipment(
            pickup_point_id=company.points["tao"], actor=operator, now=company.now
        ).shipment
        route = fulfilment.create_route(
            name="浦东早班 Pudong, mornings",
            note="先冷链 cold chain first",
            pickup_point_ids=[company.points[name] for name in ("mei", "tao", "yan")],
            actor=operator,
            now=company.now,
        ).route
        fulfilment.assign_route(
            shipment_id=shipment.id, route_id=route.id, actor=operator, now=company.now
        )
        ordered = fulfilment.fix_purchase(
            note="周四前到仓 in the house by Thursday",
            bought=Bought(supplier_id=company.suppliers[FARM]),
            lines=[{"sku_id": company.skus[good], "quantity": 60} for good in VEGETABLES],
            supersedes_id=None,
            actor=operator,
            now=company.now,
        ).order
        fulfilment.receive_purchase(
            order_id=ordered.id,
            lines=[{"sku_id": company.skus[VEGETABLES[0]], "quantity": 60}],
            note="第一车 the first van",
            actor=operator,
            now=company.now,
        )


def complain(company: Company, order_id: str) -> None:
    """Let Xia fetch her order, and ask for a part of its money with a picture."""
    company.time.at = company.today - timedelta(hours=4)
    redeem(company, "mei", order_id)
    company.time.advance(hours=2)
    shopper_id = company.shopper("xia")
    xia = Actor(kind="shopper", id=shopper_id, role="shopper")
    line = orders.lines_of(order_id)[0]
    with transaction():
        after_sales.request(
            order_id=order_id,
            shopper_id=shopper_id,
            asked=after_sales.Asked(
                returns=[Return(line.id, amount_fen=line.amount_fen // 2)],
                reason=AfterSaleReason.DAMAGED,
                words="到家发现坏了一半 half of it was spoiled when I came home",
                decide_within=timedelta(hours=settings().after_sale_decision_hours),
            ),
            picture_ids=bring_picture(company, xia, picture("#e3b27c", broken=True)),
            actor=xia,
            now=company.now,
        )


def compare(company: Company) -> None:
    """Keep what nobody fetched, and compare a day with the list of the demo's payments."""
    company.time.at = company.today - timedelta(hours=1)
    calendar = settings().calendar
    day = calendar.day_of(company.now) - timedelta(days=1)
    span = {
        "since": calendar.midnight(day - timedelta(days=1)),
        "until": calendar.midnight(day + timedelta(days=2)),
    }
    with transaction():
        for unclaimed_id in fulfilment_queries.unclaimed_ids_due(now=company.now):
            fulfilment.advance(unclaimed_id=unclaimed_id, now=company.now)
        rows = ["subject,number,amount_fen,state"]
        rows += [
            f"payment,{paid.provider_ref},{paid.received_fen or paid.amount_fen},succeeded"
            for paid in payment_queries.payments_between("demo", **span)
        ]
        rows += [
            f"refund,{back.id},{back.amount_fen},succeeded"
            for back in payment_queries.refunds_between("demo", **span)
        ]
        payments.request_reconciliation(
            provider="demo",
            day=day,
            records=base64.b64encode("\n".join(rows).encode()).decode(),
            actor=company.staff["finance"],
            now=company.now,
        )
