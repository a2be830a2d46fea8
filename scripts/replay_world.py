"""Doing what the timeline says, through the services that the API calls, as the people involved.

Nothing here writes a table: what a person would do over HTTP is done by the same verbs.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from groupbuy.campaigns import jobs as campaign_jobs
from groupbuy.campaigns import services as campaigns
from groupbuy.catalogue import services as catalogue
from groupbuy.catalogue.rules import ProductState
from groupbuy.fulfilment import services as fulfilment
from groupbuy.identity import services as identity
from groupbuy.identity.rules import Role
from groupbuy.inventory import services as inventory
from groupbuy.kernel import jobs
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.settings import Settings
from groupbuy.leaders import services as leaders
from groupbuy.leaders.rules import CommunityPurpose
from groupbuy.orders import jobs as order_jobs
from groupbuy.orders import queries as orders
from groupbuy.orders.models import Order, OrderLine, OrderRefund
from groupbuy.orders.rules import RefundState
from groupbuy.orders.services import paying, placing, refunding
from groupbuy.orders.services.refunding import Return
from groupbuy.payments import services as payments
from groupbuy.pricing.rules import Wanted
from scripts.replay_data import Journey, Product
from scripts.replay_headquarters import publish_plan, settle_month, statements
from scripts.replay_progress import Progress
from scripts.replay_timeline import Action, Event

PLENTY = 1_000_000
"""Units of each SKU in each campaign: more than anybody buys."""

STAFF = (Role.OPERATOR, Role.FINANCE, Role.APPROVER)


class World:
    """The people and things of a journey, by the public ids they were given."""

    def __init__(
        self, journey: Journey, plan: dict[str, Any], progress: Progress, settings: Settings
    ) -> None:
        self._journey = journey
        self._plan = plan
        self._progress = progress
        self._settings = settings
        self._weeks = {week.monday: week for week in journey.weeks}
        self._households = journey.households
        self._do: dict[Action, Callable[..., None]] = {
            Action.EMPLOY: self._employ,
            Action.PUBLISH_PLAN: self._publish_plan,
            Action.LIST_PRODUCTS: self._list_products,
            Action.REGISTER_SHOPPERS: self._register_shoppers,
            Action.ACCEPT_LEADER: self._accept_leader,
            Action.SCHEDULE_CAMPAIGN: self._schedule_campaign,
            Action.HOST: self._host,
            Action.RUN_JOBS: self._run_jobs,
            Action.SETTLE_MONTH: self._settle_month,
            Action.PACK: self._pack,
            Action.PLACE: self._place,
            Action.DISPATCH: self._dispatch,
            Action.ARRIVE: self._arrive,
            Action.PICK_UP: self._pick_up,
            Action.REFUND: self._refund,
        }

    def perform(self, event: Event) -> None:
        """Do what the event says, in the present transaction."""
        self._do[event.action](event.at, *event.subject)

    def result(self) -> dict[str, Any]:
        """Return what came of it, read from the database."""
        count = session().scalar
        done = OrderRefund.state == RefundState.SUCCEEDED
        return {
            "orders": count(select(func.count()).select_from(Order)),
            "lines": count(select(func.count()).select_from(OrderLine)),
            "gmv_fen": int(count(select(func.sum(Order.total_fen))) or 0),
            "refunds": count(select(func.count()).select_from(OrderRefund).where(done)),
            "statements": statements(
                {self._leader_id(store): store for store in self._journey.stores}
            ),
        }

    # Headquarters

    def _employ(self, now: datetime) -> None:
        for role in STAFF:
            hired = identity.create_staff(
                email=f"{role}@replay.example",
                name=f"Hua ({role})",
                role=role,
                password=f"only for the replay: {role}",
                actor=SYSTEM,
                now=now,
            )
            self._progress.name("staff", role, hired.id)

    def _publish_plan(self, now: datetime) -> None:
        publish_plan(
            self._plan,
            finance=self._staff(Role.FINANCE),
            approver=self._staff(Role.APPROVER),
            settings=self._settings,
            now=now,
        )

    def _list_products(self, now: datetime, start: int, end: int) -> None:
        operator = self._staff(Role.OPERATOR)
        stock = PLENTY * len(self._journey.weeks)
        for product in self._journey.products[start:end]:
            # Many products of the data differ by nothing but their number: it tells them apart.
            sku = catalogue.create_sku(
                product_id=self._product(product, now),
                name=f"{product.package} no. {product.id}".strip(),
                options={"package": product.package or "–", "no.": str(product.id)},
                price_fen=self._usual_price_fen(product.id),
                actor=operator,
                now=now,
            )
            inventory.receive(
                sku_id=sku.id, quantity=stock, reason="replay", actor=operator, now=now
            )
            self._progress.name("sku", product.id, sku.id)

    def _product(self, product: Product, now: datetime) -> str:
        """Return the product of a type, listed with its categories when it is met first."""
        key = "/".join(product.path)
        if self._progress.knows("product", key):
            return self._progress.id_of("product", key)
        operator = self._staff(Role.OPERATOR)
        listed = catalogue.create_product(
            category_id=self._category(product.path, now),
            title=product.title,
            actor=operator,
            now=now,
        )
        catalogue.edit_product(
            product_id=listed.id,
            if_match=listed.version,
            state=ProductState.ON_SALE,
            actor=operator,
            now=now,
        )
        return self._progress.name("product", key, listed.id)

    def _category(self, path: tuple[str, ...], now: datetime) -> str:
        key = "/".join(path)
        if self._progress.knows("category", key):
            return self._progress.id_of("category", key)
        category = catalogue.create_category(
            name=path[-1],
            parent_id=self._category(path[:-1], now) if path[:-1] else None,
            actor=self._staff(Role.OPERATOR),
            now=now,
        )
        return self._progress.name("category", key, category.id)

    def _schedule_campaign(self, now: datetime, monday: int) -> None:
        operator = self._staff(Role.OPERATOR)
        week = self._weeks[date.fromordinal(monday)]
        campaign = campaigns.create(
            kind="community",
            title=f"Week {week.name}",
            opens_at=week.opens_at,
            closes_at=week.closes_at,
            items=[
                {
                    "sku_id": self._progress.id_of("sku", product_id),
                    "price_fen": price_fen,
                    "allotment": PLENTY,
                }
                for product_id, price_fen in week.prices_fen.items()
            ],
            actor=operator,
            now=now,
        )
        campaigns.schedule(campaign_id=campaign.id, actor=operator, now=now)
        self._progress.name("campaign", monday, campaign.id)

    def _settle_month(self, now: datetime, first_day: int) -> None:
        settle_month(
            f"{date.fromordinal(first_day):%Y-%m}",
            finance=self._staff(Role.FINANCE),
            approver=self._staff(Role.APPROVER),
            settings=self._settings,
            now=now,
        )

    # Shoppers and leaders

    def _register_shoppers(self, now: datetime, start: int, end: int) -> None:
        for household in self._households[start:end]:
            self._register("shopper", household, now)

    def _accept_leader(self, now: datetime, store: int) -> None:
        shopper_id = self._register("leader's shopper", store, now)
        application = leaders.apply(
            shopper_id=shopper_id,
            name=f"Store {store}",
            phone=f"138{store:08}",
            region="replay",
            now=now,
        )
        leader = leaders.approve(
            application_id=application.id, actor=self._staff(Role.OPERATOR), now=now
        )
        community = leaders.add_community(
            leader_id=leader.id,
            name=f"Friends of store {store}",
            purpose=CommunityPurpose.LONG_TERM,
            size=0,
            tags=[],
            place="",
        )
        point = leaders.open_pickup_point(
            leader_id=leader.id, name=f"Store {store}", address=f"Store {store}"
        )
        self._progress.name("leader", store, leader.id)
        self._progress.name("community", store, community.id)
        self._progress.name("point", store, point.id)

    def _host(self, now: datetime, monday: int, store: int) -> None:
        group_buy = campaigns.host(
            leader_id=self._leader_id(store),
            campaign_id=self._progress.id_of("campaign", monday),
            community_id=self._progress.id_of("community", store),
            pickup_point_id=self._progress.id_of("point", store),
            actor=self._leader(store),
            now=now,
        )
        self._progress.name("group buy", f"{monday}/{store}", group_buy.id)

    def _place(self, now: datetime, number: int) -> None:
        basket = self._journey.baskets[number]
        prices_fen = self._weeks[basket.week].prices_fen
        shopper_id = self._progress.id_of("shopper", basket.household_id)
        placed = placing.place(
            shopper_id=shopper_id,
            lines=[
                Wanted(self._progress.id_of("sku", item.product_id), item.quantity)
                for item in basket.items
            ],
            group_buy_id=self._progress.id_of(
                "group buy", f"{basket.week.toordinal()}/{basket.store_id}"
            ),
            pickup_point_id=None,
            quote_total_fen=sum(
                item.quantity * prices_fen[item.product_id] for item in basket.items
            ),
            payable_for=timedelta(minutes=self._settings.order_expiry_minutes),
            actor=Actor(kind="shopper", id=shopper_id, role=Role.SHOPPER),
            now=now,
        )
        order_id = self._progress.name("order", number, placed.order.id)
        payment = paying.begin_payment(
            order_id=order_id, shopper_id=shopper_id, provider="demo", now=now
        )
        started = payments.start(payment, now=now)
        payments.record_start(payment_id=payment.id, started=started, now=now)

    # Goods

    def _pack(self, now: datetime, day: int, store: int) -> None:
        packed = fulfilment.create_shipment(
            pickup_point_id=self._progress.id_of("point", store),
            campaign_id=None,
            actor=self._staff(Role.OPERATOR),
            now=now,
        )
        self._progress.name("shipment", f"{day}/{store}", packed.shipment.id)

    def _dispatch(self, now: datetime, day: int, store: int) -> None:
        shipment_id = self._progress.id_of("shipment", f"{day}/{store}")
        fulfilment.dispatch(shipment_id=shipment_id, actor=self._staff(Role.OPERATOR), now=now)

    def _arrive(self, now: datetime, day: int, store: int) -> None:
        shipment_id = self._progress.id_of("shipment", f"{day}/{store}")
        fulfilment.arrive(shipment_id=shipment_id, actor=self._staff(Role.OPERATOR), now=now)

    def _pick_up(self, now: datetime, number: int) -> None:
        store = self._journey.baskets[number].store_id
        code = orders.order(self._progress.id_of("order", number)).pickup_code
        fulfilment.redeem(
            pickup_point_id=self._progress.id_of("point", store),
            code=str(code),
            actor=self._leader(store),
            now=now,
            after_sale=timedelta(hours=self._settings.after_sale_hours),
        )

    def _refund(self, now: datetime, number: int) -> None:
        lowest = self._journey.baskets[number].items[0]
        sku_id = self._progress.id_of("sku", lowest.product_id)
        order_id = self._progress.id_of("order", number)
        (line,) = (line for line in orders.lines_of(order_id) if line.sku_id == sku_id)
        refunding.refund_lines(
            order_id=order_id,
            returns=[Return(line.id, quantity=line.quantity)],
            reason="replay",
            actor=self._staff(Role.OPERATOR),
            now=now,
        )
        jobs.run_pending()

    # The clock

    def _run_jobs(self, now: datetime) -> None:
        campaign_jobs.advance_campaigns()
        order_jobs.complete_due()
        jobs.run_pending()

    # Who is who

    def _register(self, kind: str, number: int, now: datetime) -> str:
        begun = identity.begin_shopper_session(
            openid=f"replay:{kind}:{number}", unionid=None, name=f"{kind} {number}", days=1, now=now
        )
        return self._progress.name(kind, number, begun["shopper"].id)

    def _staff(self, role: Role) -> Actor:
        return Actor(kind="staff", id=self._progress.id_of("staff", role), role=role)

    def _leader_id(self, store: int) -> str:
        return self._progress.id_of("leader", store)

    def _leader(self, store: int) -> Actor:
        return Actor(
            kind="shopper",
            id=self._progress.id_of("leader's shopper", store),
            role=Role.LEADER,
            leader_id=self._leader_id(store),
        )

    def _usual_price_fen(self, product_id: int) -> int:
        return max(week.prices_fen.get(product_id, 0) for week in self._journey.weeks)
