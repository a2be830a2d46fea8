"""The demo's people, with their logins, and what there is to see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from groupbuy.attribution.models import AttributionDecision
from groupbuy.identity import services as identity
from groupbuy.identity.models import Staff
from groupbuy.identity.rules import Role
from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.clock import next_month
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.settings import settings
from groupbuy.kernel.texts import Text
from groupbuy.settlement import queries as settlement
from scripts.dev.story import tell


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo: who they are, and what they type to log in."""

    name: str
    part: Text
    login: str


@dataclass(frozen=True, slots=True)
class Sight:
    """Something to look at: who can, and where below `/api/v1`."""

    what: Text
    who: str
    where: str


@dataclass(frozen=True, slots=True)
class Demo:
    """Whom to introduce, and what to point at."""

    people: Sequence[Person] = ()
    sights: Sequence[Sight] = ()


STAFF = (
    ("hua", Role.OPERATOR, Text("总部运营", "headquarters, operations")),
    ("lin", Role.FINANCE, Text("总部财务", "headquarters, finance")),
    ("qiao", Role.APPROVER, Text("总部审批", "headquarters, approves settlements")),
    ("su", Role.AUDITOR, Text("总部审计", "headquarters, auditor")),
    ("rui", Role.TRAINER, Text("总部讲师", "headquarters, trainer")),
    ("an", Role.ADMIN, Text("系统管理员", "administrator of staff and roles")),
)

SHOPPERS = (
    Person("Mei", Text("团长", "leader"), "demo:mei"),
    Person("Tao", Text("团长", "leader"), "demo:tao"),
    Person("Yan", Text("二级团长", "leader of level 2"), "demo:yan"),
    Person("Bo", Text("顾客", "shopper"), "demo:bo"),
    Person("Zed", Text("旁人", "an outsider"), "demo:zed"),
)


SHOP_SIGHTS = (
    Sight(Text("搜索", "search"), "Bo", "/products?q=土鸡蛋"),
    Sight(Text("进行中的团", "open group buys"), "Bo", "/group-buys"),
    Sight(Text("优惠券", "a coupon"), "Bo", "/me/coupons"),
    Sight(Text("待自提的订单", "an order to fetch"), "Bo", "/orders?state=ready_for_pickup"),
    Sight(Text("促销", "promotions"), "Hua", "/hq/promotions"),
    Sight(Text("活动：拼团、阶梯价、秒杀", "campaigns of each kind"), "Hua", "/hq/campaigns"),
    Sight(Text("待决定的售后", "an after-sale to decide"), "Hua", "/hq/after-sales"),
    Sight(Text("无人领取的货", "goods nobody fetched"), "Hua", "/hq/unclaimed"),
    Sight(Text("采购清单", "what is to be bought"), "Hua", "/hq/purchase-lists"),
    Sight(Text("配送路线", "a delivery route"), "Hua", "/hq/routes"),
    Sight(Text("收款对账", "payments compared"), "Lin", "/hq/payment-reconciliations"),
)

SCHOOL_SIGHTS = (
    Sight(Text("我的学习", "what I learn"), "Mei", "/leader/training"),
    Sight(Text("我的直播课", "my live sessions"), "Mei", "/leader/live-sessions"),
    Sight(Text("我的证书", "my certificates"), "Mei", "/leader/certificates"),
    Sight(Text("我的考核", "my attempts"), "Mei", "/leader/attempts"),
    Sight(Text("徽章", "badges"), "Mei", "/leader/badges"),
    Sight(Text("我的辅导计划", "my coaching plan"), "Tao", "/leader/coaching"),
    Sight(Text("班次", "cohorts"), "Rui", "/hq/cohorts"),
    Sight(Text("学习进度", "who is how far"), "Rui", "/hq/training-progress"),
    Sight(Text("题库", "question banks"), "Rui", "/hq/question-banks"),
    Sight(Text("头部、中部、尾部", "head, middle and tail"), "Rui", "/hq/coaching/segments"),
    Sight(Text("辅导计划", "coaching plans"), "Rui", "/hq/coaching/plans"),
)


def seed_if_empty(progress: Callable[[str], None] = lambda chapter: None) -> Demo:
    """Fill an empty database with the demo, all or nothing; return what to show either way.

    `progress` is told each chapter as it begins.
    """
    with transaction():
        if session().scalar(select(Staff.id).limit(1)) is None:
            tell({role: _hire(name, role) for name, role, _ in STAFF}, progress)
    staff = [
        Person(name.capitalize(), part, f"{_email(name)} / {_password(name)}")
        for name, _, part in STAFF
    ]
    return Demo([*staff, *SHOPPERS], sights())


def sights() -> list[Sight]:
    """Return what there is to see: the way of the money, from an order to the payout."""
    with transaction():
        last = settlement.last_period(before=settings().calendar.month_of(clock.now()))
        moved = session().scalar(
            select(AttributionDecision.order_id).where(AttributionDecision.revision > 1).limit(1)
        )
    if last is None or moved is None:
        return []
    periods = "/hq/settlement-periods"
    return [
        *SHOP_SIGHTS,
        *SCHOOL_SIGHTS,
        Sight(
            Text("按等级分配的方案", "a plan assigned by level"), "Yan", "/leader/commission-plan"
        ),
        Sight(Text("本月收入", "the month so far"), "Mei", "/leader/earnings"),
        Sight(
            Text("结算单，逐行说明", "statements, each line in words"), "Mei", "/leader/statements"
        ),
        Sight(Text("已打款", "money received"), "Mei", "/leader/payouts"),
        Sight(Text("已结算", "settled"), "Lin", f"{periods}/{last.month}/statements"),
        Sight(Text("打款批次", "the payout batch"), "Lin", "/hq/payout-batches"),
        Sight(Text("改派的订单", "an order that moved"), "Hua", f"/hq/orders/{moved}/attribution"),
        Sight(Text("被冻结的订单", "an order on hold"), "Qiao", "/hq/holds?state=held"),
        Sight(Text("审计日志", "who decided what"), "Su", "/hq/audit-log"),
        Sight(
            Text("接着关账，再由 Qiao 批准", "close the next month; Qiao approves it"),
            "Lin",
            f"POST {periods}/{next_month(last.month)}/closing",
        ),
    ]


def _hire(name: str, role: Role) -> Actor:
    hired = identity.create_staff(
        email=_email(name),
        name=name.capitalize(),
        role=role,
        password=_password(name),
        actor=SYSTEM,
        now=clock.now(),
    )
    return Actor(kind="staff", id=hired.id, role=role)


def _email(name: str) -> str:
    return f"{name}@groupbuy.example"


def _password(name: str) -> str:
    return f"{name}-demo-password"
