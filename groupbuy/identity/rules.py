"""Roles and permissions: the one table. Whatever is not in it is denied."""

from enum import StrEnum


class Role(StrEnum):
    """Everyone who can call us; a leader is a shopper who was accepted, read live."""

    ANONYMOUS = "anonymous"
    SHOPPER = "shopper"
    LEADER = "leader"
    OPERATOR = "operator"
    TRAINER = "trainer"
    FINANCE = "finance"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMIN = "admin"


STAFF_ROLES = (
    Role.OPERATOR,
    Role.TRAINER,
    Role.FINANCE,
    Role.APPROVER,
    Role.AUDITOR,
    Role.ADMIN,
)

_everyone = frozenset(Role)
_shoppers = frozenset({Role.SHOPPER, Role.LEADER})
_leaders = frozenset({Role.LEADER})
_staff = frozenset(STAFF_ROLES)
_operators = frozenset({Role.OPERATOR})
_service_readers = frozenset({Role.OPERATOR, Role.FINANCE, Role.APPROVER, Role.AUDITOR})
_money_readers = frozenset({Role.FINANCE, Role.APPROVER, Role.AUDITOR})

PERMISSIONS: dict[str, frozenset[Role]] = {
    "public.login": _everyone,
    "public.webhook": _everyone,
    "session.end": _shoppers | _staff,
    "profile.own": _shoppers,
    "pictures.upload": _shoppers | _operators,
    "pictures.see": _everyone,
    "catalogue.shop": _everyone,
    "points.shop": _everyone,
    "group_buys.shop": _everyone,
    "touches.record": _shoppers,
    "quotes.ask": _shoppers,
    "coupons.own": _shoppers,
    "orders.own": _shoppers,
    "leader_applications.own": _shoppers,
    "leader.own": _leaders,
    "pickups.redeem": _shoppers,
    "catalogue.read": _service_readers,
    "catalogue.edit": _operators,
    "stock.read": _service_readers,
    "stock.edit": _operators,
    "imports.read": _service_readers,
    "imports.edit": _operators,
    "leaders.read": _service_readers | {Role.TRAINER},
    "leaders.decide": _operators,
    "campaigns.read": _service_readers,
    "campaigns.edit": _operators,
    "promotions.read": _service_readers,
    "promotions.edit": _operators,
    "members.read": _service_readers,
    "members.edit": _operators,
    "orders.read": _service_readers,
    "orders.serve": _operators,
    "shipments.read": _service_readers,
    "shipments.edit": _operators,
    "payments.read": _service_readers,
    "payments.edit": frozenset({Role.FINANCE}),
    "attribution.read": _service_readers,
    "attribution.edit": _operators,
    "attribution.publish": frozenset({Role.APPROVER}),
    "plans.read": _money_readers,
    "plans.edit": frozenset({Role.FINANCE}),
    "plans.publish": frozenset({Role.APPROVER}),
    "holds.read": _service_readers,
    "holds.edit": _operators,
    "holds.decide": frozenset({Role.APPROVER}),
    "settlement.read": _money_readers,
    "settlement.prepare": frozenset({Role.FINANCE}),
    "settlement.approve": frozenset({Role.APPROVER}),
    "disputes.decide": frozenset({Role.FINANCE, Role.APPROVER}),
    "payouts.read": _money_readers,
    "payouts.prepare": frozenset({Role.FINANCE}),
    "payouts.approve": frozenset({Role.APPROVER}),
    "ledger.read": _money_readers,
    "training.own": _leaders,
    "training.read": _service_readers | {Role.TRAINER},
    "training.edit": frozenset({Role.TRAINER}),
    "coaching.read": _service_readers | {Role.TRAINER},
    "coaching.edit": _operators | {Role.TRAINER},
    "calendars.read": _everyone,
    "certificates.verify": _everyone,
    "notices.own": _shoppers,
    "notices.read": _service_readers | {Role.TRAINER},
    "audit.read": frozenset({Role.AUDITOR, Role.ADMIN}),
    "staff.manage": frozenset({Role.ADMIN}),
}


def permits(role: str, permission: str) -> bool:
    """Tell whether a role has a permission; unknown names are denied."""
    return role in PERMISSIONS.get(permission, frozenset())
