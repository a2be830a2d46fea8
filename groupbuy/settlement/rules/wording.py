"""A statement's lines in words, for the leader who asks how a figure came about."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from groupbuy.commissions.rules.monthly import Basis
from groupbuy.commissions.rules.terms import (
    Exclusion,
    RuleKind,
)
from groupbuy.commissions.rules.wording import decimal, yuan
from groupbuy.kernel.money import BPS
from groupbuy.kernel.texts import Text
from groupbuy.settlement.rules.statements import MISSING, ComponentKind, CorrectionKind

WHY_NOTHING = {
    Exclusion.HOUSE: Text("平台订单，不计佣金", "earns nothing: an order of the house"),
    Exclusion.SUSPICIOUS: Text(
        "订单被认定为异常，不计佣金", "earns nothing: the order was found to be improper"
    ),
    Exclusion.SELF_PURCHASE: Text(
        "团长自购订单，不计佣金", "earns nothing: your own purchase as a leader"
    ),
    Exclusion.ITEM: Text("该活动商品不计佣金", "earns nothing: the campaign says so for this item"),
    Exclusion.RULE: Text("方案规定该商品不计佣金", "earns nothing: the plan excludes this item"),
    Exclusion.NO_PLAN: Text("付款时没有生效的佣金方案", "earns nothing: no plan was in force"),
}
ALL_REFUNDED = Text("已全部退款，不计佣金", "earns nothing: all of it was refunded")


def explain_sale(
    *,
    rule_kind: str,
    reason: str | None,
    quantity: int,
    flat_fen_per_unit: int | None,
    volume_from_fen: int,
    volume_to_fen: int,
    segments: Iterable[Sequence[int]],
    multiplier_bps: int,
) -> Text:
    """Say how a sale earned."""
    if reason is not None:
        return WHY_NOTHING[Exclusion(reason)]
    if rule_kind == RuleKind.FLAT:
        each = yuan(flat_fen_per_unit or 0)
        return Text(f"{quantity} 件，每件 {each}", f"{quantity} × {each} for each unit")
    pieces = [(yuan(to - start), decimal(rate, 100)) for start, to, rate in segments]
    if not pieces:
        return ALL_REFUNDED
    return Text(
        _volume_zh(volume_from_fen, volume_to_fen)
        + "，".join(f"{amount} 按 {rate}%" for amount, rate in pieces)
        + (f"，等级系数 ×{decimal(multiplier_bps, BPS)}" if multiplier_bps != BPS else ""),
        _volume_en(volume_from_fen, volume_to_fen)
        + ", ".join(f"{amount} at {rate} %" for amount, rate in pieces)
        + (f", × {decimal(multiplier_bps, BPS)} for your level" if multiplier_bps != BPS else ""),
    )


def explain_correction(
    *,
    kind: str,
    amount_fen: int,
    refunded_fen: int,
    settled_fen: int,
    target_before_fen: int,
    target_after_fen: int,
) -> Text:
    """Say what a later event did to a settled line."""
    settled, before, after = yuan(settled_fen), yuan(target_before_fen), yuan(target_after_fen)
    refunded, amount = yuan(refunded_fen), yuan(abs(amount_fen))
    match CorrectionKind(kind):
        case CorrectionKind.CLAWBACK:
            return Text(
                f"退款 {refunded}（已结佣金 {settled}）：佣金由 {before} 变为 {after}",
                f"{refunded} were refunded (settled with {settled}): "
                f"the commission goes from {before} to {after}",
            )
        case CorrectionKind.RETIER:
            return Text(
                f"当月按全部退款重新计算档位：佣金由 {before} 变为 {after}",
                f"the closed month was computed anew with all refunds: "
                f"the commission goes from {before} to {after}",
            )
        case CorrectionKind.TRANSFER if amount_fen < 0:
            return Text(
                f"订单改归他人：转出 {amount}", f"the order went to another leader: {amount}"
            )
        case CorrectionKind.TRANSFER:
            return Text(f"订单改归您：转入 {amount}", f"the order was given to you: {amount}")
        case CorrectionKind.FORFEIT:
            return Text(
                f"订单被认定为异常：收回 {amount}", f"the order was found to be improper: {amount}"
            )
        case CorrectionKind.HOLD:
            return Text(
                f"订单核查中，暂扣 {amount}", f"held back while the order is checked: {amount}"
            )
        case CorrectionKind.RELEASE:
            return Text(f"暂扣解除 {amount}", f"no longer held back: {amount}")


def explain_component(*, kind: str, inputs: Mapping[str, Any], amount_fen: int) -> Text:
    """Say how a part of a statement that is about no single line came about."""
    return HOW[ComponentKind(kind)](inputs, yuan(amount_fen))


def _override(inputs: Mapping[str, Any], amount: str) -> Text:
    base, rate = yuan(inputs["base_fen"]), decimal(inputs["bps"], 100)
    of = BASES[inputs["basis"]]
    return Text(
        f"直接推荐的团长本月{of.zh} {base} × {rate}%",
        f"{rate} % of your direct recruit's {of.en} of {base}",
    )


def _override_clawback(inputs: Mapping[str, Any], amount: str) -> Text:
    before, after = yuan(inputs["base_before_fen"]), yuan(inputs["base_fen"])
    return Text(
        f"推荐团长 {inputs['month']} 的基数由 {before} 变为 {after}",
        f"your recruit's base of {inputs['month']} went from {before} to {after}",
    )


def _service_fee(inputs: Mapping[str, Any], amount: str) -> Text:
    parcels, each = inputs["parcels"], yuan(inputs["fee_fen"])
    return Text(f"交付包裹 {parcels} 个 × {each}", f"{parcels} parcels handed over × {each}")


def _quota_bonus(inputs: Mapping[str, Any], amount: str) -> Text:
    volume, quota = yuan(inputs["volume_fen"]), yuan(inputs["quota_fen"])
    if MISSING in inputs:
        return _unqualified(
            inputs,
            Text(f"月销售额 {volume} 达到目标 {quota}", f"your volume of {volume} reached {quota}"),
        )
    return _certified(
        inputs,
        Text(f"月销售额 {volume} 达到目标 {quota}", f"your volume of {volume} reached {quota}"),
    )


def _rank_bonus(inputs: Mapping[str, Any], amount: str) -> Text:
    if MISSING in inputs:
        return _unqualified(inputs, Text("不参与销售排名", "you took no place by volume"))
    place, of = inputs["place"], inputs["of"]
    return _certified(
        inputs, Text(f"月销售额排名第 {place}（共 {of} 人）", f"place {place} of {of} by volume")
    )


def _certified(inputs: Mapping[str, Any], what: Text) -> Text:
    code = inputs.get("qualification")
    if code is None:
        return what
    return Text(
        f"{what.zh}，月末持有有效证书（{code}）", f"{what.en}, certified ({code}) at its end"
    )


def _unqualified(inputs: Mapping[str, Any], what: Text) -> Text:
    code = inputs[MISSING]
    return Text(
        f"{what.zh}，但月末未持有有效证书（{code}），不发放",
        f"{what.en}, but the month ended without a valid certificate ({code}): not paid",
    )


def _guarantee(inputs: Mapping[str, Any], amount: str) -> Text:
    floor, earned = yuan(inputs["floor_fen"]), yuan(inputs["sum_fen"])
    return Text(
        f"保底 {floor}，本月所得 {earned}，补足 {amount}",
        f"your guarantee is {floor}, you came to {earned}: {amount} fill it up",
    )


def _split(inputs: Mapping[str, Any], amount: str) -> Text:
    earned = yuan(inputs["earned_fen"] - inputs["before_fen"])
    return Text(
        f"联合团购的佣金 {earned} 按约定比例分成",
        f"the agreed share of {earned}, earned in a session held together",
    )


def _adjustment(inputs: Mapping[str, Any], amount: str) -> Text:
    return Text(f"调账：{inputs['reason']}", f"adjustment: {inputs['reason']}")


def _write_off(inputs: Mapping[str, Any], amount: str) -> Text:
    if inputs.get("reverses_id"):
        return Text("撤销先前的核销", "an earlier write-off is undone")
    return Text("核销长期未抵扣的负余额", "a balance owed for long was written off")


HOW: dict[ComponentKind, Callable[[Mapping[str, Any], str], Text]] = {
    ComponentKind.OVERRIDE: _override,
    ComponentKind.OVERRIDE_CLAWBACK: _override_clawback,
    ComponentKind.SERVICE_FEE: _service_fee,
    ComponentKind.QUOTA_BONUS: _quota_bonus,
    ComponentKind.RANK_BONUS: _rank_bonus,
    ComponentKind.GUARANTEE: _guarantee,
    ComponentKind.SPLIT: _split,
    ComponentKind.ADJUSTMENT: _adjustment,
    ComponentKind.WRITE_OFF: _write_off,
}

BASES = {
    Basis.COMMISSION: Text("佣金", "commission"),
    Basis.VOLUME: Text("销售额", "volume"),
}


def _volume_zh(start: int, end: int) -> str:
    return f"使月销售额从 {yuan(start)} 到 {yuan(end)}：" if end > start else "不计入月销售额："


def _volume_en(start: int, end: int) -> str:
    if end > start:
        return f"took you from {yuan(start)} to {yuan(end)}: "
    return "does not count toward your volume: "
