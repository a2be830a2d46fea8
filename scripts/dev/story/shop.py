"""How it began: goods, stock, leaders, and what leaders are paid by."""

from datetime import datetime, timedelta
from typing import Any

from groupbuy.catalogue import services as catalogue
from groupbuy.commissions import services as commissions
from groupbuy.inventory import services as inventory
from groupbuy.kernel.db import transaction
from groupbuy.kernel.settings import settings
from groupbuy.leaders import queries as leader_queries
from groupbuy.leaders import services as leaders
from scripts.dev.story.company import LEADERS, Company

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
            company.skus.append(_offer(company, *good))
        for name, place in LEADERS.items():
            _recruit(company, name, place)
        _promote(company, "yan")
        begins = company.now + timedelta(days=1)
        _publish(company, "standard", "标准佣金 Standard", begins, STANDARD_TERMS)
        senior = _publish(company, "senior", "资深团长 Senior", begins, SENIOR_TERMS)
        _assign(company, senior, begins)


def _offer(company: Company, category: str, title: str, list_price_fen: int, price_fen: int) -> str:
    operator = company.staff["operator"]
    product = catalogue.create_product(
        category_id=_category(company, category), title=title, actor=operator, now=company.now
    )
    catalogue.edit_product(
        product_id=product.id,
        if_match=product.version,
        actor=operator,
        now=company.now,
        state="on_sale",
    )
    sku = catalogue.create_sku(
        product_id=product.id,
        price_fen=price_fen,
        list_price_fen=list_price_fen,
        actor=operator,
        now=company.now,
    )
    inventory.receive(
        sku_id=sku.id, quantity=UNITS, reason="首批 first", actor=operator, now=company.now
    )
    return str(sku.id)


def _category(company: Company, name: str) -> str:
    if name not in company.categories:
        made = catalogue.create_category(
            name=name, actor=company.staff["operator"], now=company.now
        )
        company.categories[name] = made.id
    return company.categories[name]


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
