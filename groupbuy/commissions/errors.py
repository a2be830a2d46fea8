"""Problems of commissions."""

from http import HTTPStatus

from groupbuy.kernel.problems import InvalidInput, Problem
from groupbuy.kernel.texts import Text


class PlanCodeTaken(Problem):
    """Another commission plan has this code."""

    status = HTTPStatus.CONFLICT
    code = "plan-code-taken"
    title = Text("佣金方案编码已存在", "Another commission plan has this code")


class PlanNotPublishable(InvalidInput):
    """A plan version fails the publication checks; `errors` lists each fault with its pointer."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "plan-not-publishable"
    title = Text("方案版本未通过发布检查", "The plan version fails the publication checks")


class CampaignRuleNotPublishable(InvalidInput):
    """A campaign's rule fails the publication checks; `errors` lists each fault."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "campaign-rule-not-publishable"
    title = Text("活动佣金规则未通过发布检查", "The campaign's rule fails the publication checks")


class PublisherIsAuthor(Problem):
    """Who wrote or changed a plan version or a rule may not publish it: a second person must."""

    status = HTTPStatus.CONFLICT
    code = "publisher-is-author"
    title = Text("需由他人发布", "A second person must publish it")
    detail = Text(
        "您起草或修改过这一内容，请由另一人复核并发布。",
        "You wrote or changed it; somebody else must check and publish it.",
    )


class DeciderIsProposer(Problem):
    """Who proposed an assignment may not decide about it: a second person must."""

    status = HTTPStatus.CONFLICT
    code = "decider-is-proposer"
    title = Text("需由他人审批", "A second person must decide")
    detail = Text(
        "这一分配由您提出，请由另一人审批；如需撤回，请删除该提议。",
        "You proposed this assignment; somebody else must decide. To take it back, delete it.",
    )


class AssignmentBackdated(Problem):
    """An assignment would take effect in the past: what was sold keeps the terms it had."""

    status = HTTPStatus.CONFLICT
    code = "assignment-backdated"
    title = Text("分配不可追溯生效", "An assignment is never backdated")
    detail = Text(
        "生效时间 {effective_from} 早于现在；请撤回，并以将来的生效时间重新提出。",
        "It would take effect at {effective_from}, which is past: withdraw it and propose it anew "
        "from a later instant on.",
    )


class AssignmentClash(Problem):
    """Another approved assignment of the same target begins at the same instant."""

    status = HTTPStatus.CONFLICT
    code = "assignment-clash"
    title = Text("同一时间已有分配", "Another assignment begins at the same instant")
    detail = Text(
        "对象 {target} 在 {effective_from} 已有生效的分配；请另选生效时间。",
        "An approved assignment of {target} begins at {effective_from}: choose another instant.",
    )


class PlanNotInForce(Problem):
    """An assigned plan would have no version in force: its leaders would earn nothing."""

    status = HTTPStatus.CONFLICT
    code = "plan-not-in-force"
    title = Text("方案尚未生效", "The plan is not in force")
    detail = Text(
        "方案在 {effective_from} 没有生效的版本；请先发布版本，或推迟生效时间。",
        "The plan has no version in force at {effective_from}: publish one first, or begin later.",
    )


class GuestAlreadyProposed(Problem):
    """The guest has a share of this group buy already, proposed or agreed on."""

    status = HTTPStatus.CONFLICT
    code = "guest-already-proposed"
    title = Text("已邀请过这位团长", "This guest has been asked already")
    detail = Text(
        "请等待对方答复；如需更改份额，请先撤回未答复的邀请。",
        "Wait for the answer; to change the share, withdraw the proposal first.",
    )


class SharesExceeded(Problem):
    """The guests' shares together would leave the host nothing."""

    status = HTTPStatus.CONFLICT
    code = "shares-exceeded"
    title = Text("份额合计超出", "The shares add up to too much")
    detail = Text(
        "嘉宾份额合计须小于 10,000 基点；还可分配 {left_bps}。",
        "Guests' shares must come to less than 10,000 bps; {left_bps} are left.",
    )


class GroupBuyOver(Problem):
    """A group buy that takes no orders any more is not shared any more."""

    status = HTTPStatus.CONFLICT
    code = "group-buy-over"
    title = Text("团购已结束", "The group buy is over")
    detail = Text(
        "团购已截单或取消；份额只对之后付款的订单有效，因此不能再约定。",
        "It is closed or cancelled; a share holds for orders paid afterwards, so there is none to "
        "agree on.",
    )


class MonthStillOpen(Problem):
    """A month can be replayed once its cutoff has come: before, it may still change."""

    status = HTTPStatus.CONFLICT
    code = "month-still-open"
    title = Text("该月尚未截止", "The month is still open")
    detail = Text(
        "{month} 月的账在 {at} 截止；请届时再模拟。", "{month} closes at {at}: simulate it then."
    )


class SimulationRunning(Problem):
    """The same version is being simulated over the same month."""

    status = HTTPStatus.CONFLICT
    code = "simulation-running"
    title = Text("相同的模拟正在进行", "The same simulation is running")
    detail = Text(
        "请等待其完成，或先取消它。", "Wait until it is done, or cancel it and begin anew."
    )
