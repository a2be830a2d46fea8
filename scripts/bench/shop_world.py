"""A shop to measure: a thousand SKUs, three group buys, shoppers who are logged in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from groupbuy.campaigns import queries as campaign_queries
from groupbuy.campaigns import services as campaigns
from groupbuy.catalogue import services as catalogue
from groupbuy.identity.models import LoginSession, Shopper, Staff
from groupbuy.identity.services import hash_token
from groupbuy.inventory import services as inventory
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session, transaction
from groupbuy.leaders import services as leaders
from groupbuy.leaders.models import Leader

SKUS = 1_000
SHOPPERS = 200
SHOWN = 20
PLENTY = 100_000_000
PRICE_FEN = 1_500
DAY = timedelta(days=1)
DESCRIPTION = (
    "当季新鲜，产地直采，次日到自提点。Fresh of the season, at your pickup point tomorrow."
)


@dataclass(frozen=True)
class World:
    """What there is; lists by number, ids as the API shows them."""

    wide: str
    small: str
    flash: str
    scarce: str
    products: list[str]
    skus: list[str]
    items: list[str]
    pools: list[str]
    scarce_pool: str
    shoppers: list[str]
    sessions: list[str]
    tokens: list[str]


def build(now: datetime, *, scarce_units: int) -> World:
    """Build it by the domains' own services.

    The group buys: `wide` sells every SKU, `small` twelve of them, `flash` the first with plenty
    of stock, `scarce` the second with few units.
    """
    with transaction():
        hua = _operator(now)
        leader = _leader(hua, now)
        products, skus = _goods(hua, now)
        shoppers, sessions, tokens = _people(now)
    point, communities = leader
    offers = {
        "wide": (skus, PLENTY),
        "small": (skus[:12], PLENTY),
        "flash": (skus[:1], PLENTY),
        "scarce": (skus[1:2], scarce_units),
    }
    opened = {
        name: _group_buy(name, sold, units, (point, community), hua, now)
        for (name, (sold, units)), community in zip(offers.items(), communities, strict=True)
    }
    wide = {item.sku_id: item for item in campaign_queries.items_of(opened["wide"][1])}
    items = [wide[sku_id] for sku_id in skus]
    scarce = campaign_queries.items_of(opened["scarce"][1])[0]
    return World(
        **{name: group_buy_id for name, (group_buy_id, _) in opened.items()},
        products=products,
        skus=skus,
        items=[item.id for item in items],
        pools=[str(item.pool_id) for item in items],
        scarce_pool=str(scarce.pool_id),
        shoppers=shoppers,
        sessions=sessions,
        tokens=tokens,
    )


def _operator(now: datetime) -> Actor:
    staff = Staff(
        email="hua@bench.example", name="Hua", role="operator", password_hash="-", created_at=now
    )
    session().add(staff)
    session().flush()
    return Actor(kind="staff", id=staff.id, role="operator")


def _leader(hua: Actor, now: datetime) -> tuple[str, list[str]]:
    """Accept Mei; return her pickup point and four communities."""
    mei = Shopper(openid="bench-mei", name="Mei", registered_at=now, last_login_at=now)
    session().add(mei)
    session().flush()
    told: dict[str, Any] = {"name": "Mei", "phone": "13800000000", "region": "Shanghai"}
    filed = leaders.apply(shopper_id=mei.id, now=now, **told)
    leader: Leader = leaders.approve(application_id=filed.id, actor=hua, now=now)
    place = "Huamu Road 7"
    point = leaders.open_pickup_point(leader_id=leader.id, name="Mei's shop", address=place)
    groups = [
        leaders.add_community(
            leader_id=leader.id,
            name=f"Neighbours {n}",
            purpose="long_term",
            size=200,
            tags=[],
            place=place,
        )
        for n in range(4)
    ]
    return point.id, [group.id for group in groups]


def _goods(hua: Actor, now: datetime) -> tuple[list[str], list[str]]:
    """Put products with one SKU each on sale, with goods in the house."""
    by: dict[str, Any] = {"actor": hua, "now": now}
    category = catalogue.create_category(name="水果", parent_id=None, position=0, **by)
    products, skus = [], []
    for number in range(SKUS):
        product = catalogue.create_product(
            category_id=category.id, title=f"当季水果 {number}", description=DESCRIPTION, **by
        )
        catalogue.edit_product(
            product_id=product.id, if_match=product.version, state="on_sale", **by
        )
        sku = catalogue.create_sku(
            product_id=product.id, name="500 g", price_fen=PRICE_FEN + 400, **by
        )
        inventory.receive(sku_id=sku.id, quantity=5 * PLENTY, reason="bench", **by)
        products.append(product.id)
        skus.append(sku.id)
        # What is known of them by now is known by their ids.
        session().expunge_all()
    return products, skus


def _people(now: datetime) -> tuple[list[str], list[str], list[str]]:
    people = [
        Shopper(openid=f"bench-{n}", name=f"Bo {n}", registered_at=now, last_login_at=now)
        for n in range(SHOPPERS)
    ]
    session().add_all(people)
    session().flush()
    tokens = [f"bench-{n:032d}" for n in range(SHOPPERS)]
    logins = [
        LoginSession(
            token_hash=hash_token(token),
            shopper_id=shopper.id,
            begun_at=now,
            expires_at=now + 30 * DAY,
        )
        for shopper, token in zip(people, tokens, strict=True)
    ]
    session().add_all(logins)
    session().flush()
    return [p.id for p in people], [login.id for login in logins], tokens


def _group_buy(
    name: str,
    sku_ids: Sequence[str],
    units: int,
    places: tuple[str, str],
    hua: Actor,
    now: datetime,
) -> tuple[str, str]:
    """Open a campaign over some SKUs and host it; return the group buy and the campaign."""
    point_id, community_id = places
    before = now - DAY
    with transaction():
        campaign = campaigns.create(
            kind="community",
            title=f"本周 {name}",
            opens_at=now - DAY / 2,
            closes_at=now + 30 * DAY,
            items=[
                {"sku_id": sku_id, "price_fen": PRICE_FEN, "allotment": units} for sku_id in sku_ids
            ],
            now=before,
            actor=hua,
        )
        campaigns.schedule(campaign_id=campaign.id, now=before, actor=hua)
        campaigns.advance_one(campaign_id=campaign.id, now=now)
        host = session().scalars(select(Leader)).one()
        group_buy = campaigns.host(
            leader_id=host.id,
            campaign_id=campaign.id,
            community_id=community_id,
            pickup_point_id=point_id,
            now=now,
            actor=hua,
        )
        return group_buy.id, campaign.id
