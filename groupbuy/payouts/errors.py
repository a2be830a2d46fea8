"""Problems of payouts."""

from http import HTTPStatus

from groupbuy.kernel.problems import InvalidInput, Problem
from groupbuy.kernel.texts import Text


class PayoutAccountInvalid(InvalidInput):
    """The details of a payout account do not fit its kind; `errors` names each with a pointer."""

    code = "payout-account-invalid"
    title = Text("收款账户信息有误", "The details do not fit this kind of payout account")


class NoPendingAccount(Problem):
    """No change of the payout account is waiting: there is nothing to withdraw."""

    status = HTTPStatus.CONFLICT
    code = "no-pending-account"
    title = Text("没有待生效的收款账户变更", "No change of the payout account is waiting")


class PayoutChannelUnavailable(Problem):
    """The payout channel is not set up here."""

    status = HTTPStatus.CONFLICT
    code = "payout-channel-unavailable"
    title = Text("打款渠道不可用", "The payout channel is not available")
    detail = Text(
        "渠道 {channel} 未配置；可用渠道：{available}。",
        "{channel} is not configured; available: {available}.",
    )


class NothingToPay(Problem):
    """No statement can be in the batch; `left_out` says of the first hundred why."""

    status = HTTPStatus.CONFLICT
    code = "nothing-to-pay"
    title = Text("没有可打款的结算单", "There is nothing to pay in such a batch")


class BatchChanged(Problem):
    """The digest is not that of the present items: they are not what was reviewed."""

    status = HTTPStatus.CONFLICT
    code = "payout-batch-changed"
    title = Text("打款批次已变化", "The batch is not what you reviewed")
    detail = Text("请重新查看后再批准。", "Look at it again, then approve.")


class PayoutApproverIsPreparer(Problem):
    """Who prepared a batch or a tax regime may not approve it: a second person must."""

    status = HTTPStatus.CONFLICT
    code = "payout-approver-is-preparer"
    title = Text("需由他人批准", "A second person must approve it")
    detail = Text(
        "这是您准备的，请由另一人复核并批准。",
        "You prepared it; somebody else must review and approve it.",
    )


class EmptyBatch(Problem):
    """Every item was removed: cancel the batch instead of approving it."""

    status = HTTPStatus.CONFLICT
    code = "payout-batch-empty"
    title = Text("批次中没有打款项", "The batch has no items")


class NotDueAnyMore(Problem):
    """What the item pays is held, or another item has paid it or is paying it."""

    status = HTTPStatus.CONFLICT
    code = "payout-not-due"
    title = Text("该款项已无需支付", "This amount is not due any more")
    detail = Text("目前仅应付 {due_fen} 分。", "{due_fen} fen are due at present.")


class NoUsableAccount(Problem):
    """The leader has no usable payout account of the kind that the channel pays to."""

    status = HTTPStatus.CONFLICT
    code = "no-usable-payout-account"
    title = Text("团长没有可用的收款账户", "The leader has no usable payout account for this")
    detail = Text("该渠道需要 {kind} 账户。", "This channel pays to an account of the kind {kind}.")


class PayoutMayBePaid(Problem):
    """The transfer is in a file that may be at the bank: only the bank's result can end it."""

    status = HTTPStatus.CONFLICT
    code = "payout-may-be-paid"
    title = Text("款项可能已提交银行", "The bank may be paying this already")
    detail = Text(
        "该笔已导出到银行文件，请导入银行结果。",
        "It is in a bank file; import the bank's result instead.",
    )


class NoBankFile(Problem):
    """The channel of the batch does not pay by a file."""

    status = HTTPStatus.CONFLICT
    code = "no-bank-file"
    title = Text("该批次不使用银行文件", "This batch is not paid by a file")


class NothingInFile(Problem):
    """No item of the batch waits for a bank file."""

    status = HTTPStatus.CONFLICT
    code = "nothing-in-bank-file"
    title = Text("没有待导出的打款项", "No item of the batch waits for the bank")


class FileUnreadable(InvalidInput):
    """An uploaded file is not base64, or rows of it cannot be read; `errors` names each row."""

    code = "payout-file-unreadable"
    title = Text("上传的文件无法读取", "The uploaded file cannot be read")


class ListNeeded(Problem):
    """The channel has no list of its own: upload one with the request."""

    status = HTTPStatus.CONFLICT
    code = "channel-list-needed"
    title = Text("该渠道需上传对账文件", "The channel has no list; upload its records")


class TaxRegimeTaken(Problem):
    """An approved tax regime of the same scope begins at the same instant."""

    status = HTTPStatus.CONFLICT
    code = "tax-regime-taken"
    title = Text("同一范围同一时间已有税务方案", "Another tax regime begins then for the same")


class NoTaxTable(Problem):
    """The regime has no tax table yet at the instant from which it is to hold."""

    status = HTTPStatus.CONFLICT
    code = "no-tax-table"
    title = Text("该日期尚无税率表", "The regime has no tax table at that date")
    detail = Text("最早日期：{first_day}。", "The first day with a table is {first_day}.")


class NotArchivable(Problem):
    """Payouts of the month are still open, or differences with a channel are not cleared up."""

    status = HTTPStatus.CONFLICT
    code = "month-not-archivable"
    title = Text("该月尚不能归档", "The month cannot be archived yet")
    detail = Text(
        "未完成打款 {open_items} 笔，未处理差异 {open_differences} 条。",
        "{open_items} payouts are open, and {open_differences} differences.",
    )
