"""Problems of campaigns."""

from http import HTTPStatus

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class CampaignNotReady(Problem):
    """The campaign cannot be scheduled as it is.

    `faults` lists why: `no_items`, `opens_in_the_past`, `not_for_sale`, or what its kind asks
    for: `limit_needed` (a cap per shopper on each item), `minimum_above_stock`,
    `pickup_before_outcome`; `sku_ids` the SKUs that are at fault.
    """

    status = HTTPStatus.CONFLICT
    code = "campaign-not-ready"
    title = Text("活动尚不能排期", "The campaign cannot be scheduled yet")
    detail = Text("请先修正：{faults}。", "Correct this first: {faults}.")


class FieldsFixed(Problem):
    """Shoppers rely on it: `fields` cannot be changed once the campaign is announced."""

    status = HTTPStatus.CONFLICT
    code = "fields-fixed"
    title = Text("活动已公布，不能再修改", "It cannot be changed once the campaign is announced")
    detail = Text("不能修改：{fields}。", "These are fixed: {fields}.")


class SomeDecided(Problem):
    """Some of its group buys have succeeded already; close the campaign to end the others."""

    status = HTTPStatus.CONFLICT
    code = "some-group-buys-decided"
    title = Text(
        "部分团已成团，请改为提前结束活动", "Some group buys have succeeded; close it instead"
    )


class CommunityDisbanded(Problem):
    """The community does not exist any more; host in another."""

    status = HTTPStatus.CONFLICT
    code = "community-disbanded"
    title = Text("社群已解散", "The community was disbanded")


class AlreadyHosted(Problem):
    """The community hosts this campaign already; `group_buy_id` is that group buy."""

    status = HTTPStatus.CONFLICT
    code = "already-hosted"
    title = Text("该社群已开团", "The community hosts this campaign already")


class GroupBuyNotOpen(Problem):
    """The group buy takes no orders now; it does in [opens_at, closes_at), or while extended."""

    status = HTTPStatus.CONFLICT
    code = "group-buy-not-open"
    title = Text("该团不在开放时间内", "The group buy is not open")
    detail = Text(
        "开放时间为 {opens_at} 至 {closes_at}。", "It is open from {opens_at} to {closes_at}."
    )
