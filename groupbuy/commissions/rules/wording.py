"""A plan in words, for the leader whom it pays."""

from collections.abc import Iterator, Sequence

from groupbuy.commissions.rules.monthly import Basis, MonthlyExtras, Override, Scope
from groupbuy.commissions.rules.terms import (
    ClawbackMode,
    Mode,
    Tier,
    TierTable,
)
from groupbuy.kernel.money import BPS
from groupbuy.kernel.texts import Text

NO_PLAN = Text("目前没有生效的佣金方案。", "No commission plan is in force at present.")
DEFAULT = Text(
    "适用默认方案：没有更贴近您的分配。", "The default plan: nothing nearer is assigned."
)
WHY = {
    Scope.LEADER: Text("此方案专门分配给您。", "This plan is assigned to you personally."),
    Scope.REGION: Text(
        "此方案适用于您的地区：{target}。", "This plan holds for your region: {target}."
    ),
    Scope.LEVEL: Text(
        "此方案适用于您的等级：{target}。", "This plan holds for your level: {target}."
    ),
    Scope.EVERYONE: Text("此方案适用于所有团长。", "This plan holds for every leader."),
}
TAKEN_BACK = {
    ClawbackMode.LINE: Text(
        "结算后退款：按该订单行剩余金额的比例收回佣金。",
        "A refund after the settlement takes back the refunded share of its line's commission.",
    ),
    ClawbackMode.RETIER: Text(
        "结算后退款：按全部退款重新计算该月，收回差额。",
        "A refund after the settlement has its month computed anew; the difference is taken back.",
    ),
}


def yuan(fen: int) -> str:
    """Write an amount in yuan: 123456 is ¥1,234.56."""
    whole, cents = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}¥{whole:,}.{cents:02d}"


def decimal(value: int, unit: int) -> str:
    """Write value / unit without superfluous zeros; the unit is a power of ten."""
    whole, rest = divmod(value, unit)
    digits = f"{rest:0{len(str(unit)) - 1}d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def why(scope: str | None, target: str = "") -> Text:
    """Say by which assignment a plan holds; None: by being the default."""
    return DEFAULT if scope is None else WHY[Scope(scope)].format(target=target)


def in_words(
    table: TierTable,
    extras: MonthlyExtras,
    *,
    multiplier_bps: int,
    cap_fen: int | None,
    service_fee_fen: int,
    item_rules: int,
) -> list[Text]:
    """Say what a plan's version pays."""
    sentences = [_tiers(table)]
    if item_rules:
        sentences.append(
            Text(
                f"其中 {item_rules} 项商品或类目另有规定。",
                f"{item_rules} goods or categories earn by rules of their own.",
            )
        )
    if multiplier_bps != BPS:
        times = decimal(multiplier_bps, BPS)
        sentences.append(
            Text(
                f"按比例计算的佣金乘以等级系数 {times}。",
                f"Rates are multiplied by {times} for your level.",
            )
        )
    if cap_fen is not None:
        sentences.append(Text(f"每月最多 {yuan(cap_fen)}。", f"At most {yuan(cap_fen)} a month."))
    return [*sentences, *_extras(extras, service_fee_fen), TAKEN_BACK[extras.clawback_mode]]


def _tiers(table: TierTable) -> Text:
    zh = "，".join(f"满 {yuan(tier.from_fen)} 按 {_rate(tier)}" for tier in table.tiers)
    en = ", ".join(f"{_rate(tier)} from {yuan(tier.from_fen)} on" for tier in table.tiers)
    if table.mode is Mode.WHOLE:
        return Text(
            f"当月全部销售额按达到的档位计：{zh}。",
            f"All of a month's sales earn the rate of the tier reached: {en}.",
        )
    return Text(
        f"当月销售额分段计：{zh}。", f"Each slice of a month's sales earns its own rate: {en}."
    )


def _rate(tier: Tier) -> str:
    return f"{decimal(tier.rate_bps, 100)}%"


def _extras(extras: MonthlyExtras, service_fee_fen: int) -> Iterator[Text]:
    if extras.override is not None:
        yield _override(extras.override)
    if service_fee_fen:
        fee = yuan(service_fee_fen)
        yield Text(
            f"每交付一单得 {fee}，无论由谁售出。",
            f"{fee} for each order that you hand over, whoever sold it.",
        )
    if extras.quota is not None:
        quota, bonus = (yuan(fen) for fen in extras.quota)
        yield Text(
            f"月销售额满 {quota} 奖励 {bonus}。", f"{bonus} more in a month of at least {quota}."
        )
    if extras.rank_bonuses_fen:
        yield _ranks(extras.rank_bonuses_fen)
    if extras.bonus_qualification and (extras.quota or extras.rank_bonuses_fen):
        code = extras.bonus_qualification
        yield Text(
            f"上述奖励须在月末持有有效证书（{code}）。",
            f"These bonuses ask for a valid certificate ({code}) at the end of the month.",
        )
    if extras.guarantee_fen:
        floor = yuan(extras.guarantee_fen)
        yield Text(f"有销售的月份保底 {floor}。", f"A month with a sale comes to at least {floor}.")


def _ranks(bonuses_fen: Sequence[int]) -> Text:
    listed = [yuan(fen) for fen in bonuses_fen]
    return Text(
        f"月销售额排名前 {len(listed)} 名奖励：{'、'.join(listed)}。",
        f"The first {len(listed)} by sales of the month get {', '.join(listed)}.",
    )


def _override(override: Override) -> Text:
    share = f"{decimal(override.bps, 100)}%"
    term_zh = f"，限其最初 {override.months} 个月" if override.months else ""
    term_en = f", in their first {override.months} months" if override.months else ""
    if override.basis == Basis.COMMISSION:
        return Text(
            f"您直接招募的团长所得佣金的 {share}{term_zh}，由平台另付。",
            f"{share} of the commission of leaders you recruited yourself{term_en}, paid on top.",
        )
    return Text(
        f"您直接招募的团长销售额的 {share}{term_zh}，由平台另付。",
        f"{share} of the sales of leaders you recruited yourself{term_en}, paid on top.",
    )
