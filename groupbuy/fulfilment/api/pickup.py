"""Fetching and handing over, over HTTP."""

from datetime import timedelta
from typing import Any

from groupbuy.fulfilment import errors, queries, services
from groupbuy.fulfilment.models import PickupProxy
from groupbuy.fulfilment.queries import PickupView, RedemptionView, WaitingParcel
from groupbuy.fulfilment.schemas.pickup import (
    PickupSchema,
    ProxyBody,
    ProxySchema,
    RedemptionBody,
    RedemptionSchema,
    WaitingParcelQuery,
    WaitingParcelSchema,
)
from groupbuy.kernel import clock, codes
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Download, Page, PageQuery, caller_key, page_of
from groupbuy.kernel.problems import NotFound, NotInThisState
from groupbuy.kernel.settings import settings
from groupbuy.orders.errors import FullyRefunded, RefundOpen

api = Api("pickup", __name__, url_prefix="/api/v1", description="Fetching and handing over")

ORDER = "/orders/<id(ord):order_id>"
PROXY = f"{ORDER}/pickup-proxies/<id(pxy):proxy_id>"


@api.get(f"{ORDER}/pickup", allow="orders.own", returns=PickupSchema, problems=[NotInThisState])
def show_own_pickup(actor: Actor, order_id: str) -> PickupView:
    """Show how the goods of an own order can be fetched, or who fetched them."""
    return queries.own_pickup(order_id, shopper_id=actor.id)


@api.get(
    f"{ORDER}/pickup-code.png",
    allow="orders.own",
    files=[codes.PNG],
    problems=[NotInThisState],
)
def draw_own_code(actor: Actor, order_id: str) -> Download:
    """Draw the pickup code of an own order that is ready as a QR code."""
    return codes.png(queries.own_scannable(order_id, shopper_id=actor.id), name="pickup-code")


@api.get(
    f"{ORDER}/pickup-code.svg",
    allow="orders.own",
    files=[codes.SVG],
    problems=[NotInThisState],
)
def draw_own_code_as_lines(actor: Actor, order_id: str) -> Download:
    """Draw the pickup code of an own order that is ready as a QR code of any size."""
    return codes.svg(queries.own_scannable(order_id, shopper_id=actor.id), name="pickup-code")


@api.get(
    f"{ORDER}/pickup-proxies",
    allow="orders.own",
    query=PageQuery,
    returns=page_of(ProxySchema),
    problems=[NotInThisState],
)
def list_own_proxies(actor: Actor, order_id: str, query: dict[str, Any]) -> Page[PickupProxy]:
    """List who may fetch an own order's goods, or might have, newest first."""
    return queries.own_proxies(order_id, shopper_id=actor.id, **query)


@api.post(
    f"{ORDER}/pickup-proxies",
    allow="orders.own",
    body=ProxyBody,
    returns=ProxySchema,
    status=201,
    idempotent=True,
    problems=[NotInThisState, errors.ProxyGiven],
    example={"name": "王阿姨", "note": "住隔壁"},
)
def name_proxy(actor: Actor, order_id: str, body: dict[str, Any]) -> PickupProxy:
    """Let somebody else fetch the goods of an own order, with a code of their own."""
    with transaction():
        return services.name_proxy(order_id=order_id, shopper_id=actor.id, **body, now=clock.now())


@api.post(f"{PROXY}/revocation", allow="orders.own", returns=ProxySchema, problems=[NotInThisState])
def revoke_proxy(actor: Actor, order_id: str, proxy_id: str) -> PickupProxy:
    """Take that back: the proxy's code is good for nothing any more."""
    with transaction():
        return services.revoke_proxy(
            order_id=order_id, proxy_id=proxy_id, shopper_id=actor.id, now=clock.now()
        )


@api.get(f"{PROXY}/code.png", allow="orders.own", files=[codes.PNG], problems=[NotInThisState])
def draw_proxys_code(actor: Actor, order_id: str, proxy_id: str) -> Download:
    """Draw the code of who may fetch an own order as a QR code, to send it to them."""
    text = queries.proxys_scannable(order_id, proxy_id, shopper_id=actor.id)
    return codes.png(text, name="pickup-code")


@api.get(
    "/leader/parcels",
    allow="pickups.redeem",
    query=WaitingParcelQuery,
    returns=page_of(WaitingParcelSchema),
    problems=[NotFound],
)
def list_waiting_parcels(actor: Actor, query: dict[str, Any]) -> Page[WaitingParcel]:
    """List the parcels of a pickup point, those that wait unless said; for its verifiers."""
    return queries.points_parcels(shopper_id=actor.id, **query)


@api.post(
    "/leader/redemptions",
    allow="pickups.redeem",
    body=RedemptionBody,
    returns=RedemptionSchema,
    status=201,
    idempotent=True,
    limits=["60/minute"],
    limit_by=caller_key,
    problems=[
        NotFound,
        NotInThisState,
        errors.PickupCodeUnknown,
        errors.PickupCodeElsewhere,
        errors.AlreadyHandedOver,
        RefundOpen,
        FullyRefunded,
    ],
)
def redeem_code(actor: Actor, body: dict[str, Any]) -> RedemptionView:
    """Hand a parcel over against its code, typed or scanned; for verifiers of the point."""
    after_sale = timedelta(hours=settings().after_sale_hours)
    with transaction():
        return services.redeem(**body, actor=actor, now=clock.now(), after_sale=after_sale)


@api.post(
    "/leader/redemptions/<id(rdm):redemption_id>/undo",
    allow="pickups.redeem",
    returns=RedemptionSchema,
    problems=[NotInThisState, errors.AlreadyUndone, errors.UndoTooLate],
)
def undo_redemption(actor: Actor, redemption_id: str) -> RedemptionView:
    """Take a pickup back, a few minutes long."""
    within = timedelta(minutes=settings().pickup_undo_minutes)
    with transaction():
        return services.undo(
            redemption_id=redemption_id, actor=actor, now=clock.now(), within=within
        )
