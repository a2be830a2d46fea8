"""A statement's lines in words, for the leader who asks how a figure came about."""

from collections.abc import Iterable, Sequence

from groupbuy.commissions.rules.terms import Exclusion, RuleKind
from groupbuy.kernel.money import BPS
from groupbuy.kernel.texts import Text

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


def yuan(fen: int) -> str:
    """Write an amount in yuan: 123456 is ¥1,234.56."""
    whole, cents = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}¥{whole:,}.{cents:02d}"


def decimal(value: int, unit: int) -> str:
    """Write value / unit without superfluous zeros; the unit is a power of ten."""
    whole, rest = divmod(value, unit)
    digits = f"{rest:0{len(str(unit)) - 1}d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


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


def explain_clawback(
    *,
    rule_kind: str,
    settled_fen: int,
    remaining_after: int,
    basis: int,
    target_before_fen: int,
    target_after_fen: int,
) -> Text:
    """Say what a refund took back."""
    flat = rule_kind == RuleKind.FLAT
    left, whole = (str(n) if flat else yuan(n) for n in (remaining_after, basis))
    settled, before, after = yuan(settled_fen), yuan(target_before_fen), yuan(target_after_fen)
    unit = " 件" if flat else ""
    return Text(
        f"退款后剩 {left}{unit}（原 {whole}{unit}，已结佣金 {settled}）："
        f"佣金由 {before} 变为 {after}",
        f"a refund left {left} of {whole}{' units' if flat else ''}, settled with {settled}: "
        f"the commission goes from {before} to {after}",
    )


def _volume_zh(start: int, end: int) -> str:
    return f"使月销售额从 {yuan(start)} 到 {yuan(end)}：" if end > start else "不计入月销售额："


def _volume_en(start: int, end: int) -> str:
    if end > start:
        return f"took you from {yuan(start)} to {yuan(end)}: "
    return "does not count toward your volume: "
