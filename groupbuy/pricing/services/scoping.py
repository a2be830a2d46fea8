"""What promotions and coupons share when they are drafted: their scope must exist."""

from typing import Any

from sqlalchemy import select

from groupbuy.campaigns import queries as campaigns
from groupbuy.campaigns.rules import ENDED, CampaignState
from groupbuy.catalogue.models import Category, Product, Sku
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import is_id
from groupbuy.kernel.problems import InvalidInput, NotFound
from groupbuy.kernel.texts import Text
from groupbuy.pricing.models import CouponBatch, Promotion
from groupbuy.pricing.rules.scopes import ID_PREFIXES, Goods, Place

_TABLES: dict[str, Any] = {
    Goods.CATEGORIES: Category,
    Goods.PRODUCTS: Product,
    Goods.SKUS: Sku,
}


def check_scope(*, of: Promotion | CouponBatch) -> None:
    """Refuse a scope that does not fit together, or names what is not there.

    Raises:
        InvalidInput: at `/goods_ids` or `/campaign_id`.
    """
    if (of.goods == Goods.ALL) != (not of.goods_ids):
        raise InvalidInput.at(
            "/goods_ids",
            Text("goods 为 all 时须为空，否则不能为空。", "Empty with goods all, else not."),
        )
    if of.goods != Goods.ALL and not exist(goods=of.goods, ids=of.goods_ids):
        raise InvalidInput.at("/goods_ids", Text("有不存在的编号。", "Some are not there."))
    if (of.place == Place.CAMPAIGN) != (of.campaign_id is not None):
        raise InvalidInput.at(
            "/campaign_id",
            Text("仅当 place 为 campaign 时填写。", "Given with place campaign, and only then."),
        )
    if of.campaign_id is not None:
        try:
            campaigns.campaign(of.campaign_id)
        except NotFound as error:
            text = Text("没有这个活动。", "There is no such campaign.")
            raise InvalidInput.at("/campaign_id", text) from error


def exist(*, goods: str, ids: list[str]) -> bool:
    """Tell whether all goods that are named are there, in one statement."""
    if not all(is_id(one, ID_PREFIXES[Goods(goods)]) for one in ids):
        return False
    table = _TABLES[goods]
    found = set(session().scalars(select(table.id).where(table.id.in_(ids))))
    return found == set(ids)


def campaign_is_gone(*, campaign_id: str | None) -> bool:
    """Tell whether a campaign sells nothing any more."""
    if campaign_id is None:
        return False
    return campaigns.campaign(campaign_id).state in (*ENDED, CampaignState.CANCELLED)
