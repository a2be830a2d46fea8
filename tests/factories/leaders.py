"""Leaders and what they run, made by the real services."""

import itertools
from typing import Any

from groupbuy.identity import services as identity
from groupbuy.identity.models import Staff
from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session, transaction
from groupbuy.leaders import services
from groupbuy.leaders.models import Community, Leader, LeaderApplication, PickupPoint
from tests.client import nobodys_password

_numbers = itertools.count(1)


def shopper_id(name: str = "") -> str:
    """Register a shopper (the same one for the same name) and return the id."""
    name = name or f"somebody{next(_numbers)}"
    with transaction():
        begun = identity.begin_shopper_session(
            openid=f"demo-{name}", unionid=None, name=name.capitalize(), days=30, now=clock.now()
        )
    return str(begun["shopper"].id)


def hua() -> Actor:
    """Hire an operator at headquarters and return them as an actor."""
    with transaction():
        staff = Staff(
            email=f"hua{next(_numbers)}@groupbuy.example",
            name="Hua",
            role="operator",
            password_hash=nobodys_password(),
            created_at=clock.now(),
        )
        session().add(staff)
    return Actor(kind="staff", id=staff.id, role="operator")


def application(*, by: str = "", **fields: Any) -> LeaderApplication:
    """File an application by a shopper (`by` is the shopper's id; a new one if left out)."""
    by = by or shopper_id()
    told = {"name": "Mei", "phone": "13800000000", "region": "Shanghai, Huamu", **fields}
    with transaction():
        return services.apply(shopper_id=by, now=clock.now(), **told)


def leader(*, by: str = "", actor: Actor | None = None, **fields: Any) -> Leader:
    """Accept a shopper as a leader (`by` is the shopper's id; a new one if left out)."""
    filed = application(by=by, **fields)
    actor = actor or hua()
    with transaction():
        return services.approve(application_id=filed.id, actor=actor, now=clock.now())


def community(leader: Leader, **fields: Any) -> Community:
    """Add a community to a leader."""
    told = {
        "name": "Huamu Road 7",
        "purpose": "long_term",
        "size": 200,
        "tags": ["families"],
        "place": "Huamu Road 7",
        **fields,
    }
    with transaction():
        return services.add_community(leader_id=leader.id, **told)


def pickup_point(leader: Leader, **fields: Any) -> PickupPoint:
    """Open a pickup point of a leader; coordinates only if given."""
    told = {"name": "Breakfast shop", "address": "Huamu Road 7", **fields}
    with transaction():
        return services.open_pickup_point(leader_id=leader.id, **told)
