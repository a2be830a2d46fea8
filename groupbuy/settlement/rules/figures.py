"""A statement's figures and states by name, for papers and sheets."""

from groupbuy.kernel.sheets import Column, Kind
from groupbuy.kernel.texts import Text
from groupbuy.settlement.rules.answers import StandingState, StatementPart
from groupbuy.settlement.rules.statements import ComponentKind, CorrectionKind

FIGURES: dict[str, Text] = {
    "carry_in_fen": Text("上期结转", "Carried in"),
    "sales_fen": Text("销售佣金", "Sales"),
    "override_fen": Text("推荐奖励", "For your recruits"),
    "service_fee_fen": Text("交付服务费", "Service fees"),
    "quota_bonus_fen": Text("达标奖", "Quota bonus"),
    "rank_bonus_fen": Text("排名奖", "Ranking bonus"),
    "guarantee_fen": Text("保底补足", "Guarantee"),
    "split_fen": Text("联合团购分成", "Shared sessions"),
    "clawback_fen": Text("佣金追回", "Taken back"),
    "transfer_fen": Text("归属变更", "Orders reassigned"),
    "adjustment_fen": Text("调账", "Adjustments"),
    "write_off_fen": Text("核销", "Written off"),
    "hold_fen": Text("核查暂扣", "Held back"),
    "release_fen": Text("暂扣解除", "Let go"),
    "payable_fen": Text("应付合计", "Payable"),
    "payout_fen": Text("本期打款", "Paid out"),
    "carry_out_fen": Text("结转下期", "Carried over"),
}
"""In the order of the calculation: payable is the sum of what stands before it."""

ENDS = ("payable_fen", "payout_fen", "carry_out_fen")
"""What a statement always shows, also where it is 0."""

STANDINGS: dict[StandingState, Text] = {
    StandingState.DRAFT: Text("草稿，尚未批准", "A draft, not approved yet"),
    StandingState.ISSUED: Text("已发出，待确认", "Issued, waits for your answer"),
    StandingState.CONFIRMED: Text("已确认", "Confirmed"),
    StandingState.AUTO_CONFIRMED: Text("逾期自动确认", "Confirmed by silence"),
    StandingState.DISPUTED: Text("申诉处理中", "Disputed"),
    StandingState.RESOLVED: Text("申诉已处理", "Dispute resolved"),
    StandingState.FINAL: Text("已锁定", "Final"),
}

COMPONENTS: dict[ComponentKind, Text] = {
    ComponentKind.OVERRIDE: FIGURES["override_fen"],
    ComponentKind.OVERRIDE_CLAWBACK: Text("推荐奖励追回", "For your recruits, taken back"),
    ComponentKind.SERVICE_FEE: FIGURES["service_fee_fen"],
    ComponentKind.QUOTA_BONUS: FIGURES["quota_bonus_fen"],
    ComponentKind.RANK_BONUS: FIGURES["rank_bonus_fen"],
    ComponentKind.GUARANTEE: FIGURES["guarantee_fen"],
    ComponentKind.SPLIT: FIGURES["split_fen"],
    ComponentKind.ADJUSTMENT: FIGURES["adjustment_fen"],
    ComponentKind.WRITE_OFF: FIGURES["write_off_fen"],
}

CORRECTIONS: dict[CorrectionKind, Text] = {
    CorrectionKind.CLAWBACK: FIGURES["clawback_fen"],
    CorrectionKind.RETIER: Text("按退款重新计算", "Computed anew"),
    CorrectionKind.TRANSFER: FIGURES["transfer_fen"],
    CorrectionKind.FORFEIT: Text("异常订单收回", "Improper order"),
    CorrectionKind.HOLD: FIGURES["hold_fen"],
    CorrectionKind.RELEASE: FIGURES["release_fen"],
}

PARTS: dict[StatementPart, Text] = {
    StatementPart.LINE: Text("销售", "Sale"),
    StatementPart.CORRECTION: Text("更正", "Correction"),
    StatementPart.COMPONENT: Text("其他", "Component"),
}

STATEMENT_COLUMNS = (
    Column("part", Text("类别", "Part")),
    Column("position", Text("序号", "Position"), Kind.INT),
    Column("what", Text("项目", "What")),
    Column("order_id", Text("订单", "Order")),
    Column("goods", Text("商品", "Goods")),
    Column("at", Text("时间", "At"), Kind.INSTANT),
    Column("quantity", Text("数量", "Units"), Kind.INT),
    Column("base_fen", Text("计佣金额", "Base"), Kind.FEN),
    Column("amount_fen", Text("金额", "Amount"), Kind.FEN),
    Column("explanation", Text("说明", "How it came about")),
    Column("exact", Text("精确值（分）", "Exact, in fen")),
)
"""A statement as a sheet: the amounts of all rows sum to what is payable."""

MONTH_COLUMNS = (
    Column("leader_id", Text("团长编号", "Leader's id")),
    Column("leader", Text("团长", "Leader")),
    Column("id", Text("结算单", "Statement")),
    Column("standing", Text("状态", "Standing")),
    Column("volume_fen", Text("销售额", "Volume"), Kind.FEN),
    *(Column(name, title, Kind.FEN) for name, title in FIGURES.items()),
    Column("digest", Text("摘要 SHA-256", "SHA-256")),
)
"""A month as a sheet, a row for each statement."""
