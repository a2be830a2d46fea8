"""What is sold in the races, by whom and to whom; and whose money is where."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from groupbuy.catalogue import services as catalogue
from groupbuy.identity import services as identity
from groupbuy.identity.rules import Role
from groupbuy.inventory import services as inventory
from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import session, transaction
from groupbuy.leaders import services as leaders
from scripts.races.ground import Ground
from scripts.races.http import Answer, Connection

Task = TypeVar("Task")

API = "/api/v1"
PRICE_FEN = 1_990
WEBHOOK = "/webhooks/stripe"


def public_id(prefix: str, column: str) -> str:
    """Return the SQL that writes a stored id as the API does."""
    return f"'{prefix}_' || replace({column}::text, '-', '')"


SOLD = (
    "select coalesce(sum(r.quantity), 0) from stock_reservations r"
    " join stock_pools p on p.id = r.pool_id where p.sku_id = any(%(skus)s) and r.state = 'sold'"
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a login."""

    id: str
    token: str


@dataclass(frozen=True, slots=True)
class Race:
    """One scenario's run: where, how large, with which dice, and whom to tell of each step."""

    ground: Ground
    shop: "Shop"
    random: Random
    scale: float
    connections: int
    advance: Callable[[int, int], None]

    def size(self, full: int, *, least: int = 1) -> int:
        """Return a number of things for this run's scale."""
        return max(least, int(full * self.scale))

    async def run(
        self, tasks: Sequence[Task], work: Callable[[Connection, Task], Awaitable[None]]
    ) -> int:
        """Do the work of each task over all connections at once; return how many were repeated."""
        waiting = list(enumerate(reversed(tasks)))
        done = 0

        async def client() -> int:
            nonlocal done
            connection = Connection(self.ground.port)
            while waiting:
                _, task = waiting.pop()
                await work(connection, task)
                done += 1
                self.advance(done, len(tasks))
            connection.close()
            return connection.retries

        clients = min(self.connections, len(tasks))
        return sum(await asyncio.gather(*(client() for _ in range(clients))))


class Shop:
    """A house with goods, one pickup point, staff and shoppers, made by the services."""

    def __init__(self, ground: Ground, *, shoppers: int) -> None:
        self._ground = ground
        with ground.application(), transaction():
            now = clock.now()
            self.hua = _staff(Role.OPERATOR)
            self._actor = Actor(kind="staff", id=self.hua.id, role=Role.OPERATOR)
            self._category = catalogue.create_category(name="Races", actor=self._actor, now=now).id
            self.shoppers = [_shopper(f"racer-{number}") for number in range(shoppers)]
            self.point = _point(_shopper("mei"), self._actor)

    def stock(self, units: Iterable[int]) -> list[str]:
        """Put new goods on sale, so many units of each; return their SKUs."""
        with self._ground.application(), transaction():
            return [self._offer(number) for number in units]

    def receive(self, skus: Iterable[str], quantity: int) -> None:
        """Put more units of goods into the house."""
        with self._ground.application(), transaction():
            for sku in sorted(skus):
                inventory.receive(
                    sku_id=sku, quantity=quantity, reason="r", actor=self._actor, now=clock.now()
                )

    def _offer(self, units: int) -> str:
        actor, now = self._actor, clock.now()
        product = catalogue.create_product(
            category_id=self._category, title="Eggs", actor=actor, now=now
        )
        catalogue.edit_product(
            product_id=product.id, if_match=product.version, actor=actor, now=now, state="on_sale"
        )
        sku = catalogue.create_sku(
            product_id=product.id, price_fen=PRICE_FEN, actor=actor, now=now
        ).id
        inventory.receive(sku_id=sku, quantity=units, reason="first", actor=actor, now=now)
        return str(sku)

    async def place(
        self, connection: Connection, who: Person, sku: str, *, key: str, quantity: int = 1
    ) -> Answer:
        """Place an order for the price that everybody knows."""
        body = {
            "lines": [{"sku_id": sku, "quantity": quantity}],
            "pickup_point_id": self.point,
            "quote_total_fen": quantity * PRICE_FEN,
        }
        return await connection.insist("POST", f"{API}/orders", body, token=who.token, key=key)

    async def start(self, connection: Connection, who: Person, order_id: str) -> Answer:
        """Begin to pay; the answer's `intent` is the one at Stripe."""
        path = f"{API}/orders/{order_id}/payment"
        return await connection.insist("POST", path, {}, token=who.token)

    async def cancel(self, connection: Connection, who: Person, order_id: str) -> Answer:
        """Cancel an own order."""
        path = f"{API}/orders/{order_id}/cancellation"
        return await connection.insist("POST", path, {}, token=who.token)

    async def tell(self, connection: Connection, event: dict[str, Any]) -> Answer:
        """Deliver an event as Stripe does: signed anew, until somebody answers."""
        delivery = self._ground.stripe.signed(event)
        return await connection.insist("POST", WEBHOOK, raw=delivery.body, headers=delivery.headers)

    async def pay(self, connection: Connection, who: Person, order_id: str) -> Answer:
        """Begin to pay, pay at Stripe, and let Stripe say so."""
        started = await self.start(connection, who, order_id)
        if started.status == 200:
            await self.tell(connection, self._ground.stripe.pay(intent_of(started)))
        return started

    def orders_of(self, skus: Sequence[str], which: str = "true") -> list[str]:
        """Return the ids of all orders `o` over these goods, or of those for which this holds."""
        query = (
            f"select {public_id('ord', 'o.id')} as id from orders o"
            f" join order_lines l on l.order_id = o.id where l.sku_id = any(%(skus)s) and {which}"
        )
        return [row["id"] for row in self._ground.rows(query, skus=list(skus))]

    def unbalanced(self) -> list[str]:
        """Return what is charged without goods or refund, given without charge, or given twice."""
        charged, refunded = self._at_stripe()
        orders = {
            row["id"]: row["sold"]
            for row in self._ground.rows(
                f"select {public_id('ord', 'o.id')} as id,"
                " o.state not in ('pending_payment', 'cancelled') and exists ("
                "select from stock_reservations r where r.order_id = o.id and r.state = 'sold'"
                ") as sold from orders o where o.total_fen > 0"
            )
        }
        faults = []
        for order_id in sorted(charged.keys() | orders.keys()):
            kept = charged.get(order_id, 0) - refunded.get(order_id, 0)
            if kept > 0 and not orders.get(order_id):
                faults.append(f"{order_id} charged {kept} fen for nothing")
            if orders.get(order_id) and not charged.get(order_id):
                faults.append(f"{order_id} got goods for nothing")
            if kept < 0:
                faults.append(f"{order_id} got {-kept} fen too much back")
        return faults

    def _at_stripe(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return what Stripe took and gave back, by order."""
        charged: dict[str, int] = {}
        refunded: dict[str, int] = {}
        stripe = self._ground.stripe
        for intent in stripe.intents.values():
            if intent["status"] == "succeeded":
                order_id = intent["metadata"]["reference"]
                charged[order_id] = charged.get(order_id, 0) + intent["amount_received"]
        for refund in stripe.refunds.values():
            if refund["status"] != "failed":
                order_id = stripe.intents[refund["payment_intent"]]["metadata"]["reference"]
                refunded[order_id] = refunded.get(order_id, 0) + refund["amount"]
        return charged, refunded


def intent_of(started: Answer) -> str:
    """Return the PaymentIntent that an answer's client secret belongs to."""
    return str(started.body["client_parameters"]["client_secret"]).split("_secret_")[0]


def key_for(random: Random) -> str:
    """Return a new Idempotency-Key."""
    return f"race-{random.getrandbits(96):024x}"


def _shopper(name: str) -> Person:
    begun = identity.begin_shopper_session(
        openid=f"race-{name}", unionid=None, name=name, days=30, now=clock.now()
    )
    return Person(begun["shopper"].id, begun["token"])


def _staff(role: Role) -> Person:
    email, password = f"{role}@groupbuy.example", secrets.token_urlsafe()
    now = clock.now()
    identity.create_staff(
        email=email, name="Hua", role=role, password=password, actor=SYSTEM, now=now
    )
    begun = identity.begin_staff_session(email=email, password=password, hours=24, now=now)
    return Person(begun["staff"].id, begun["token"])


def _point(owner: Person, actor: Actor) -> str:
    application = leaders.apply(
        shopper_id=owner.id,
        name="Mei",
        phone="13800000000",
        region="Shanghai",
        introduction="",
        now=clock.now(),
    )
    leader = leaders.approve(application_id=application.id, actor=actor, now=clock.now())
    point = leaders.open_pickup_point(
        leader_id=leader.id, name="Mei's", address="Huamu Road 7", opening_hours="9-21"
    )
    session().flush()
    return str(point.id)
