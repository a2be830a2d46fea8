"""The demo's story: what a small company did in the weeks before today, by the real services.

Mei and Tao sell fruit and groceries to their neighbours. One month is settled, the next one is
past its cutoff and waits for finance to close it, this week's campaign is open, and some orders
wait at Mei's shop.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from flask import current_app

from groupbuy.campaigns import services as campaigns
from groupbuy.catalogue import services as catalogue
from groupbuy.commissions import services as commissions
from groupbuy.fulfilment import queries as fulfilment_queries
from groupbuy.fulfilment import services as fulfilment
from groupbuy.identity import services as identity
from groupbuy.inventory import services as inventory
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.clock import ManualClock, previous_month
from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import run_pending
from groupbuy.kernel.settings import settings
from groupbuy.leaders import services as leaders
from groupbuy.orders import queries as orders
from groupbuy.orders.services import moving, paying, placing
from groupbuy.payments.services import payments
from groupbuy.pricing.rules import Wanted
from groupbuy.settlement import jobs as settlement_jobs
from groupbuy.settlement import services as settlement

GOODS = (
    ("水果 Fruit", "丹东草莓 500 克 Strawberries 500 g", 3990, 2990),
    ("水果 Fruit", "赣南脐橙 5 斤 Navel oranges 2.5 kg", 3580, 2680),
    ("水果 Fruit", "阿克苏苹果 3 斤 Apples 1.5 kg", 2290, 1790),
    ("蔬菜 Vegetables", "有机小青菜 400 克 Pak choi 400 g", 690, 490),
    ("蔬菜 Vegetables", "沙地红薯 5 斤 Sweet potatoes 2.5 kg", 1880, 1290),
    ("蛋奶 Eggs and milk", "散养土鸡蛋 30 枚 Free-range eggs, 30", 3290, 2590),
    ("蛋奶 Eggs and milk", "鲜牛奶 950 毫升 Fresh milk 950 ml", 1690, 1390),
    ("粮油 Staples", "五常大米 5 公斤 Wuchang rice 5 kg", 6980, 5580),
)
NEIGHBOURS = ("bo", "lan", "jun", "xia", "fei", "min")
UNITS = 4_000
SHOWN_PER_BASKET = 3


@dataclass
class Story:
    """The company while its past is being told; `time` is the clock that everybody reads."""

    time: ManualClock
    staff: dict[str, Actor]
    random: Random = field(default_factory=lambda: Random(20))
    skus: list[str] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)
    points: dict[str, str] = field(default_factory=dict)
    leaders: dict[str, str] = field(default_factory=dict)
    communities: dict[str, str] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """Return the instant of the story."""
        return self.time.now()


def tell(staff: dict[str, Actor], progress: Callable[[str], None]) -> None:
    """Tell the story in an empty database, then give the application its own clock back."""
    real = current_app.extensions[clock.EXTENSION]
    today = real.now()
    calendar = settings().calendar
    month = previous_month(calendar.month_of(today))
    if today < calendar.cutoff(month, settings().hold_days) + timedelta(hours=1):
        month = previous_month(month)
    settled = previous_month(month)
    story = Story(ManualClock(calendar.month_start(settled) - timedelta(days=10)), staff)
    current_app.extensions[clock.EXTENSION] = story.time
    try:
        progress("商品与团长 goods and leaders")
        _open_shop(story)
        for told in (settled, month):
            progress(f"{told} 的订单 the orders of {told}")
            for day in (3, 13):
                _sell_a_week(story, calendar.month_start(told) + timedelta(days=day), finish=True)
            if told == settled:
                progress(f"{told} 的结算 the settlement of {told}")
                _settle(story, told, calendar.cutoff(told, settings().hold_days))
        progress("本周的团购 this week's group buys")
        _sell_a_week(story, today - timedelta(days=2), finish=False)
    finally:
        current_app.extensions[clock.EXTENSION] = real


def _open_shop(story: Story) -> None:
    operator = story.staff["operator"]
    with transaction():
        categories: dict[str, str] = {}
        for category, title, list_price_fen, price_fen in GOODS:
            if category not in categories:
                made = catalogue.create_category(name=category, actor=operator, now=story.now)
                categories[category] = made.id
            product = catalogue.create_product(
                category_id=categories[category], title=title, actor=operator, now=story.now
            )
            catalogue.edit_product(
                product_id=product.id,
                if_match=product.version,
                actor=operator,
                now=story.now,
                state="on_sale",
            )
            sku = catalogue.create_sku(
                product_id=product.id,
                price_fen=price_fen,
                list_price_fen=list_price_fen,
                actor=operator,
                now=story.now,
            )
            story.skus.append(sku.id)
            inventory.receive(
                sku_id=sku.id, quantity=UNITS, reason="首批 first", actor=operator, now=story.now
            )
        for name, place in (
            ("mei", "花木路 7 弄 Huamu Road 7"),
            ("tao", "芳甸路 21 号 Fangdian 21"),
        ):
            _recruit(story, name, place)
        _publish_plan(story)


def _recruit(story: Story, name: str, place: str) -> None:
    shopper_id = _shopper(story, name)
    application = leaders.apply(
        shopper_id=shopper_id,
        name=name.capitalize(),
        phone="13800000000",
        region="上海浦东 Pudong",
        introduction="我有一个两百人的邻居群。 I keep a group of 200 neighbours.",
        now=story.now,
    )
    leader = leaders.approve(
        application_id=application.id, actor=story.staff["operator"], now=story.now
    )
    community = leaders.add_community(
        leader_id=leader.id, name=place, purpose="long_term", size=200, tags=[], place=place
    )
    point = leaders.open_pickup_point(
        leader_id=leader.id, name=f"{name.capitalize()} 自提点", address=place, opening_hours="9-21"
    )
    story.leaders[name], story.communities[name] = leader.id, community.id
    story.points[name] = point.id


def _publish_plan(story: Story) -> None:
    plan = commissions.create_plan(
        code="standard", name="标准佣金 Standard", actor=story.staff["finance"], now=story.now
    )
    version = commissions.create_version(
        plan_id=plan.id,
        effective_from=story.now + timedelta(days=1),
        mode="marginal",
        tiers=[[0, 1000], [100_000, 1500], [300_000, 2000]],
        actor=story.staff["finance"],
        now=story.now,
    )
    commissions.publish_version(
        plan_id=plan.id,
        number=version.number,
        if_match=version.version,
        max_total_bps=settings().max_total_bps,
        actor=story.staff["approver"],
        now=story.now,
    )


def _sell_a_week(story: Story, opens_at: datetime, *, finish: bool) -> None:
    """Run a campaign of a week; hand everything over unless it is the present one."""
    operator = story.staff["operator"]
    story.time.at = opens_at - timedelta(hours=6)
    prices = zip(story.skus, (good[3] for good in GOODS), strict=True)
    with transaction():
        campaign = campaigns.create(
            kind="community",
            title="邻里好物周 Good things this week",
            description="下单后次日到自提点。 Order today, fetch it tomorrow.",
            opens_at=opens_at,
            closes_at=opens_at + timedelta(days=7),
            items=[{"sku_id": s, "price_fen": p, "allotment": 300} for s, p in prices],
            actor=operator,
            now=story.now,
        )
        campaigns.schedule(campaign_id=campaign.id, actor=operator, now=story.now)
        for name, leader_id in story.leaders.items():
            hosted = campaigns.host(
                leader_id=leader_id,
                campaign_id=campaign.id,
                community_id=story.communities[name],
                pickup_point_id=story.points[name],
                actor=_as_leader(story, name),
                now=story.now,
            )
            story.groups[name] = hosted.id
    story.time.at = opens_at
    with transaction():
        campaigns.advance(now=story.now)
    for neighbour in NEIGHBOURS:
        for name in story.leaders if finish else ("mei",):
            story.time.advance(hours=3)
            _buy(story, neighbour, story.groups[name])
    for name in story.points if finish else ("mei",):
        _deliver(story, name, hand_over=finish)
    if finish:
        story.time.at = opens_at + timedelta(days=7)
        with transaction():
            campaigns.advance(now=story.now)
            moving.complete_due(now=story.now)


def _settle(story: Story, month: str, cutoff: datetime) -> None:
    finance, approver = story.staff["finance"], story.staff["approver"]
    story.time.at = cutoff + timedelta(minutes=10)
    with transaction():
        settlement.start_closing(
            month=month,
            calendar=settings().calendar,
            hold_days=settings().hold_days,
            min_payout_fen=settings().min_payout_fen,
            actor=finance,
            now=story.now,
        )
    settlement_jobs.calculate_month(month=month, actor=finance)
    with transaction():
        period = settlement.submit(month=month, actor=finance, now=story.now)
        settlement.approve(month=month, digest=period.digest or "", actor=approver, now=story.now)


def _buy(story: Story, neighbour: str, group_buy_id: str) -> None:
    wanted = story.random.sample(range(len(GOODS)), SHOWN_PER_BASKET)
    basket = [Wanted(story.skus[i], story.random.randint(1, 3)) for i in wanted]
    total = sum(GOODS[i][3] * line.quantity for i, line in zip(wanted, basket, strict=True))
    shopper_id = _shopper(story, neighbour)
    actor = Actor(kind="shopper", id=shopper_id, role="shopper")
    with transaction():
        placed = placing.place(
            shopper_id=shopper_id,
            lines=basket,
            group_buy_id=group_buy_id,
            pickup_point_id=None,
            quote_total_fen=total,
            payable_for=timedelta(minutes=settings().order_expiry_minutes),
            actor=actor,
            now=story.now,
        )
        payment = paying.begin_payment(
            order_id=placed.order.id, shopper_id=shopper_id, provider="demo", now=story.now
        )
    started = payments.start(payment)
    with transaction():
        payments.record_start(payment_id=payment.id, started=started, now=story.now)
    run_pending()


def _deliver(story: Story, name: str, *, hand_over: bool) -> None:
    operator = story.staff["operator"]
    story.time.advance(hours=10)
    with transaction():
        shipment = fulfilment.create_shipment(
            pickup_point_id=story.points[name], campaign_id=None, actor=operator, now=story.now
        ).shipment
        fulfilment.dispatch(shipment_id=shipment.id, actor=operator, now=story.now)
        fulfilment.arrive(shipment_id=shipment.id, actor=operator, now=story.now)
        if hand_over:
            parcels = fulfilment_queries.parcels(shipment_id=shipment.id, limit=100, cursor=None)
            for parcel in parcels.items:
                fulfilment.redeem(
                    pickup_point_id=story.points[name],
                    code=orders.order(parcel.order_id).pickup_code or "",
                    actor=_as_leader(story, name),
                    now=story.now,
                    after_sale=timedelta(hours=settings().after_sale_hours),
                )


def _as_leader(story: Story, name: str) -> Actor:
    return Actor(
        kind="shopper",
        id=_shopper(story, name),
        role="leader",
        leader_id=story.leaders.get(name, ""),
    )


def _shopper(story: Story, name: str) -> str:
    begun = identity.begin_shopper_session(
        openid=f"demo-{name}", unionid=None, name=name.capitalize(), days=0, now=story.now
    )
    return str(begun["shopper"].id)
