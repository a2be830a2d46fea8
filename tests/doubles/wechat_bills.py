"""WeChat Pay's trade bill of a day, as its documents show it."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from tests.doubles.wechat_keys import APP_ID, MCH_ID

BEIJING = timezone(timedelta(hours=8))
HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,"
    "退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
SUMS = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)
FEE_BPS = 60


def trade_bill(orders: Mapping[str, Any], refunds: Mapping[str, Any], day: str) -> bytes:
    """Return a day's bill of all payments and refunds, WeChat's fee 0.60 %."""
    rows = [
        _row(order, order.paid_at, number, received=order.received)
        for number, order in orders.items()
        if order.state in ("SUCCESS", "REFUND") and _day(order.paid_at) == day
    ]
    rows += [
        _row(orders[refund["out_trade_no"]], refund["created"], refund["out_trade_no"], refund)
        for refund in refunds.values()
        if _day(refund["created"]) == day
    ]
    lines = [HEADER]
    lines += [",".join(f"`{row.get(name, '')}" for name in HEADER.split(",")) for row in rows]
    paid = sum(row["fen"] for row in rows if row["交易状态"] == "SUCCESS")
    back = sum(row["fen"] for row in rows if row["交易状态"] == "REFUND")
    fees = sum(row["fee"] for row in rows)
    sums = (len(rows), yuan(paid), yuan(back), "0.00", f"{yuan(fees)}000", yuan(paid), yuan(back))
    lines += [SUMS, ",".join(f"`{one}" for one in sums)]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def yuan(fen: int) -> str:
    """Write fen as yuan."""
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole}.{rest:02d}"


def _row(
    order: Any, at: float, number: str, refund: Any = None, *, received: int = 0
) -> dict[str, Any]:
    fen = refund["amount"]["refund"] if refund else received
    fee = (fen * FEE_BPS + 5_000) // 10_000 * (-1 if refund else 1)
    row = {
        "交易时间": f"{datetime.fromtimestamp(at, BEIJING):%Y-%m-%d %H:%M:%S}",
        "公众账号ID": APP_ID,
        "商户号": MCH_ID,
        "特约商户号": "0",
        "微信订单号": order.transaction_id,
        "商户订单号": number,
        "用户标识": order.payer,
        "交易类型": "JSAPI",
        "交易状态": "REFUND" if refund else "SUCCESS",
        "付款银行": "OTHERS",
        "货币种类": "CNY",
        "应结订单金额": "0.00" if refund else yuan(fen),
        "代金券金额": "0.00",
        "微信退款单号": refund["refund_id"] if refund else "0",
        "商户退款单号": refund["out_refund_no"] if refund else "0",
        "退款金额": yuan(fen) if refund else "0.00",
        "充值券退款金额": "0.00",
        "退款类型": "ORIGINAL" if refund else "",
        "退款状态": refund["status"] if refund else "",
        "商品名称": order.asked["description"] + ", 鲜",
        "手续费": f"{yuan(fee)}000",
        "费率": "0.60%",
        "订单金额": "0.00" if refund else yuan(fen),
        "申请退款金额": yuan(fen) if refund else "0.00",
    }
    return row | {"fen": fen, "fee": fee}


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, BEIJING):%Y-%m-%d}"
