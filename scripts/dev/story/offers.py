"""What headquarters offers beyond the ordinary week: prices by steps, by number, by code."""

from datetime import timedelta
from typing import Any

from groupbuy.campaigns import queries as campaign_queries
from groupbuy.campaigns import services as campaigns
from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import run_pending
from groupbuy.orders.services import closing
from groupbuy.pricing import services as pricing
from groupbuy.pricing.rules import Wanted
from scripts.dev.story.company import Company
from scripts.dev.story.selling import announce, buy, deliver
from scripts.dev.story.shop import EGGS, FRUIT, RICE

EVERYTHING: dict[str, Any] = {"goods": "all", "goods_ids": [], "place": "everywhere"}
"""The scope of what is about all goods, wherever they are sold."""

CODE = "HELLO5"
"""The public code of the coupons."""


def sell_by_steps(company: Company) -> None:
    """Sell eggs that get cheaper the more are sold, give back what was paid above, deliver."""
    opens_at = company.today - timedelta(days=8)
    closes_at = opens_at + timedelta(days=2)
    ladder = [{"from_units": 1, "price_fen": 2590}, {"from_units": 5, "price_fen": 2190}]
    group_buy_id = announce(
        company,
        hosts=["mei"],
        title="鸡蛋越拼越便宜 Eggs: the more, the cheaper",
        opens_at=opens_at,
        closes_at=closes_at,
        pickup_from=closes_at + timedelta(days=1),
        pickup_until=closes_at + timedelta(days=3),
        items=[_item(company, EGGS, 2590, ladder=ladder)],
    )["mei"]
    for neighbour in ("lan", "jun", "fei"):
        company.time.advance(hours=3)
        buy(company, neighbour, group_buy_id, [Wanted(company.skus[EGGS], 2)])
    company.time.at = closes_at
    with transaction():
        campaigns.advance(now=company.now)
    group_buy = campaign_queries.group_buys_by_id([group_buy_id])[group_buy_id]
    _settle_orders(company, group_buy.campaign_id)
    run_pending()
    company.time.advance(hours=25)
    deliver(company, "mei", hand_over=("lan", "jun"))


def reduce_prices(company: Company) -> None:
    """Publish two promotions, and coupons of which Bo claims one."""
    operator = company.staff["operator"]
    company.time.at = company.today - timedelta(hours=18)
    promotions: tuple[dict[str, Any], ...] = (
        {
            "kind": "reduction",
            "title_zh": "满 100 减 10，满 200 减 25",
            "title_en": "¥10 off ¥100, ¥25 off ¥200",
            "terms": {
                "by": "amount",
                "steps": [
                    {"from_fen": 10_000, "off_fen": 1_000},
                    {"from_fen": 20_000, "off_fen": 2_500},
                ],
            },
        },
        {
            "kind": "buy_get",
            "title_zh": "蔬菜买二送一",
            "title_en": "Vegetables: buy 2, get 1",
            "goods": "categories",
            "goods_ids": [company.categories["蔬菜 Vegetables"]],
            "terms": {"buy": 2, "get": 1, "at_most": 2},
        },
    )
    with transaction():
        for fields in promotions:
            drafted = pricing.create_promotion(
                **{**EVERYTHING, **fields},
                starts_at=company.now,
                ends_at=company.today + timedelta(days=60),
                actor=operator,
                now=company.now,
            )
            pricing.publish_promotion(promotion_id=drafted.id, actor=operator, now=company.now)
        batch = pricing.create_batch(
            **EVERYTHING,
            kind="fixed",
            title_zh="新邻居 5 元券",
            title_en="¥5 for new neighbours",
            off_fen=500,
            from_fen=3_000,
            valid_days=30,
            quantity=500,
            public_code=CODE,
            actor=operator,
            now=company.now,
        )
        pricing.move_batch(batch_id=batch.id, action="publish", actor=operator, now=company.now)
        pricing.claim(code=CODE, shopper_id=company.shopper("bo"), now=company.now)


def gather(company: Company) -> None:
    """Open a group buy of rice that needs four neighbours; two are in."""
    group_buy_id = announce(
        company,
        hosts=["mei"],
        kind="threshold",
        terms={"measure": "participants", "minimum": 4, "extension_hours": 24},
        title="四家成团：五常大米 Rice, if four join",
        opens_at=company.now + timedelta(hours=1),
        closes_at=company.today + timedelta(days=3),
        items=[_item(company, RICE, 4_980)],
    )["mei"]
    for neighbour in ("lan", "jun"):
        company.time.advance(hours=1)
        buy(company, neighbour, group_buy_id, [Wanted(company.skus[RICE], 1)])


def announce_flash(company: Company) -> None:
    """Announce a flash sale of strawberries that opens six hours from now."""
    opens_at = company.today + timedelta(hours=6)
    announce(
        company,
        hosts=["mei", "tao"],
        kind="flash",
        title="草莓限时秒杀 Strawberries, two hours only",
        opens_at=opens_at,
        closes_at=opens_at + timedelta(hours=2),
        items=[_item(company, FRUIT[0], 1_990, allotment=40, limit_per_shopper=2)],
    )


def _item(company: Company, good: int, price_fen: int, **terms: Any) -> dict[str, Any]:
    return {"sku_id": company.skus[good], "price_fen": price_fen, "allotment": 100, **terms}


def _settle_orders(company: Company, campaign_id: str) -> None:
    more = True
    while more:
        with transaction():
            more = closing.settle_batch(campaign_id=campaign_id, now=company.now) > 0
