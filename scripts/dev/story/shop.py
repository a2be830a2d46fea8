"""How it began: goods, stock, leaders, and what leaders are paid by."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from groupbuy.catalogue import queries as catalogue_queries
from groupbuy.catalogue import services as catalogue
from groupbuy.catalogue.rules import Storage
from groupbuy.commissions import services as commissions
from groupbuy.inventory import services as inventory
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.settings import settings
from groupbuy.leaders import queries as leader_queries
from groupbuy.leaders import services as leaders
from groupbuy.media import services as media
from groupbuy.media.providers.registry import store
from groupbuy.media.rules import key_of
from scripts.dev.story.company import LEADERS, Company
from scripts.dev.story.drawing import picture


class Good(NamedTuple):
    """What the demo sells; `colour` is that of its picture."""

    category: str
    title: str
    list_price_fen: int
    price_fen: int
    cost_fen: int
    storage: Storage
    supplier: str
    colour: str
    brand: str = ""
    options: Mapping[str, str] = {}


FRESH = "生鲜 Fresh food"
"""The category above all others but the staples."""

STAPLES = "粮油 Staples"
FARM, ORCHARD, MILL = "青浦农场 Qingpu farm", "赣南果园 Gannan orchard", "五常米业 Wuchang mill"
BIG = {"规格 Size": "10 公斤 kg"}

GOODS = (
    Good(
        *("水果 Fruit", "丹东草莓 500 克 Strawberries 500 g", 3990, 2990, 1850),
        *(Storage.CHILLED, ORCHARD, "#d8324a"),
    ),
    Good(
        *("水果 Fruit", "赣南脐橙 5 斤 Navel oranges 2.5 kg", 3580, 2680, 1600),
        *(Storage.AMBIENT, ORCHARD, "#f08a24", "果山 Guoshan"),
    ),
    Good(
        *("水果 Fruit", "阿克苏苹果 3 斤 Apples 1.5 kg", 2290, 1790, 1050),
        *(Storage.AMBIENT, ORCHARD, "#c8453a", "果山 Guoshan"),
    ),
    Good(
        *("蔬菜 Vegetables", "有机小青菜 400 克 Pak choi 400 g", 690, 490, 260),
        *(Storage.CHILLED, FARM, "#5f9e3e"),
    ),
    Good(
        *("蔬菜 Vegetables", "沙地红薯 5 斤 Sweet potatoes 2.5 kg", 1880, 1290, 700),
        *(Storage.AMBIENT, FARM, "#a4563b"),
    ),
    Good(
        *("蛋奶 Eggs and milk", "散养土鸡蛋 30 枚 Free-range eggs, 30", 3290, 2590, 1780),
        *(Storage.AMBIENT, FARM, "#e3b27c"),
    ),
    Good(
        *("蛋奶 Eggs and milk", "鲜牛奶 950 毫升 Fresh milk 950 ml", 1690, 1390, 900),
        *(Storage.CHILLED, FARM, "#9fc3dd", "晨牧 Chenmu"),
    ),
    Good(
        *(STAPLES, "五常大米 Wuchang rice", 6980, 5580, 4100),
        *(Storage.AMBIENT, MILL, "#e9dcb0", "稻香里 Daoxiangli", {"规格 Size": "5 公斤 kg"}),
    ),
)
FRUIT, EGGS, RICE = (0, 1, 2), 5, 7
"""Where in GOODS, and so in the company's SKUs, they stand."""

UNITS = 4_000
SENIOR = 2

STANDARD_TERMS: dict[str, Any] = {
    "tiers": [[0, 1000], [100_000, 1500], [300_000, 2000]],
    "quota_bonus": {"quota_fen": 150_000, "bonus_fen": 3_000},
    "rank_bonuses": [2_000, 1_000],
    "service_fee_fen": 50,
}
SENIOR_TERMS: dict[str, Any] = {
    "tiers": [[0, 1200], [100_000, 1800], [300_000, 2400]],
    "quota_bonus": {"quota_fen": 150_000, "bonus_fen": 5_000},
    "service_fee_fen": 80,
}


def open_shop(company: Company) -> None:
    """Put goods on sale, accept leaders, publish what they are paid by."""
    with transaction():
        for good in GOODS:
            company.skus.append(_offer(company, good))
        _offer_the_big_bag(company)
        for name, place in LEADERS.items():
            _recruit(company, name, place)
        _promote(company, "yan")
        begins = company.now + timedelta(days=1)
        _publish(company, "standard", "标准佣金 Standard", begins, STANDARD_TERMS)
        senior = _publish(company, "senior", "资深团长 Senior", begins, SENIOR_TERMS)
        _assign(company, senior, begins)


def _offer(company: Company, good: Good) -> str:
    operator = company.staff["operator"]
    product = catalogue.create_product(
        category_id=_category(company, good.category),
        title=good.title,
        storage=good.storage,
        brand_id=_brand(company, good.brand),
        supplier_id=_supplier(company, good.supplier),
        picture_ids=bring_picture(company, operator, picture(good.colour)),
        actor=operator,
        now=company.now,
    )
    catalogue.edit_product(
        product_id=product.id,
        if_match=product.version,
        actor=operator,
        now=company.now,
        state="on_sale",
    )
    return _offer_sku(
        company,
        product.id,
        price_fen=good.price_fen,
        list_price_fen=good.list_price_fen,
        cost_fen=good.cost_fen,
        options=good.options,
    )


def _offer_sku(company: Company, product_id: str, **terms: Any) -> str:
    operator = company.staff["operator"]
    sku = catalogue.create_sku(product_id=product_id, **terms, actor=operator, now=company.now)
    inventory.receive(
        sku_id=sku.id, quantity=UNITS, reason="首批 first", actor=operator, now=company.now
    )
    return str(sku.id)


def _offer_the_big_bag(company: Company) -> None:
    """Sell rice in a second size, to members for less."""
    product_id = catalogue_queries.sku(company.skus[RICE]).product_id
    prices = {"price_fen": 10_580, "member_price_fen": 9_980, "cost_fen": 7_900}
    _offer_sku(company, product_id, **prices, options=BIG)


def bring_picture(company: Company, actor: Actor, upload: bytes) -> list[str]:
    """Take a picture in and return its id; none where no store of pictures is set up.

    The demo is told in one transaction, so its bytes are kept before the row is committed: what
    is left over, should that fail, is a file that nothing names.
    """
    if not settings().pictures_url:
        return []
    drawn = media.draw(upload=upload)
    brought = media.begin(drawn=drawn, actor=actor, now=company.now)
    for size, content in drawn.contents.items():
        store().put(key_of(brought.id, size), content)
    return [media.finish(picture_id=brought.id, now=company.now).id]


def _category(company: Company, name: str) -> str:
    if name not in company.categories:
        above = None if name in (FRESH, STAPLES) else _category(company, FRESH)
        made = catalogue.create_category(
            name=name, parent_id=above, actor=company.staff["operator"], now=company.now
        )
        company.categories[name] = made.id
    return company.categories[name]


def _brand(company: Company, name: str) -> str | None:
    if name and name not in company.brands:
        made = catalogue.create_brand(name=name, actor=company.staff["operator"], now=company.now)
        company.brands[name] = made.id
    return company.brands.get(name)


def _supplier(company: Company, name: str) -> str:
    if name not in company.suppliers:
        made = catalogue.create_supplier(
            name=name, actor=company.staff["operator"], now=company.now
        )
        company.suppliers[name] = made.id
    return company.suppliers[name]


def _recruit(company: Company, name: str, place: str) -> None:
    application = leaders.apply(
        shopper_id=company.shopper(name),
        name=name.capitalize(),
        phone=f"1380000000{len(company.leaders)}",
        region="上海浦东 Pudong",
        introduction="我有一个两百人的邻居群。 I keep a group of 200 neighbours.",
        now=company.now,
    )
    leader = leaders.approve(
        application_id=application.id, actor=company.staff["operator"], now=company.now
    )
    community = leaders.add_community(
        leader_id=leader.id, name=place, purpose="long_term", size=200, tags=[], place=place
    )
    point = leaders.open_pickup_point(
        leader_id=leader.id, name=f"{name.capitalize()} 自提点", address=place, opening_hours="9-21"
    )
    company.leaders[name], company.communities[name] = leader.id, community.id
    company.points[name] = point.id


def _promote(company: Company, name: str) -> None:
    leader_id = company.leaders[name]
    leaders.set_level(
        leader_id=leader_id,
        level=SENIOR,
        reason="带团两年 two years of selling",
        if_match=leader_queries.leader(leader_id).version,
        actor=company.staff["operator"],
        now=company.now,
    )


def _publish(
    company: Company, code: str, name: str, begins: datetime, terms: dict[str, Any]
) -> str:
    finance = company.staff["finance"]
    plan = commissions.create_plan(code=code, name=name, actor=finance, now=company.now)
    version = commissions.create_version(
        plan_id=plan.id,
        effective_from=begins,
        mode="marginal",
        **terms,
        actor=finance,
        now=company.now,
    )
    commissions.publish_version(
        plan_id=plan.id,
        number=version.number,
        if_match=version.version,
        max_total_bps=settings().max_total_bps,
        actor=company.staff["approver"],
        now=company.now,
    )
    return str(plan.id)


def _assign(company: Company, plan_id: str, begins: datetime) -> None:
    proposed = commissions.propose_assignment(
        plan_id=plan_id,
        scope="level",
        target=str(SENIOR),
        effective_from=begins,
        note="资深团长适用 for senior leaders",
        actor=company.staff["finance"],
        now=company.now,
    )
    commissions.approve_assignment(
        assignment_id=proposed.id, actor=company.staff["approver"], now=company.now
    )
