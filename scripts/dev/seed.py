"""The demo's people: headquarters' staff with a password each, shoppers by their demo code."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from groupbuy.identity import services as identity
from groupbuy.identity.models import Staff
from groupbuy.identity.rules import Role
from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.texts import Text
from scripts.dev.story import tell


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo: who they are, and what they type to log in."""

    name: str
    part: Text
    login: str


STAFF = (
    ("hua", Role.OPERATOR, Text("总部运营", "headquarters, operations")),
    ("lin", Role.FINANCE, Text("总部财务", "headquarters, finance")),
    ("qiao", Role.APPROVER, Text("总部审批", "headquarters, approves settlements")),
    ("su", Role.AUDITOR, Text("总部审计", "headquarters, auditor")),
    ("an", Role.ADMIN, Text("系统管理员", "administrator of staff and roles")),
)

SHOPPERS = (
    Person("Mei", Text("团长", "leader"), "demo:mei"),
    Person("Bo", Text("顾客", "shopper"), "demo:bo"),
    Person("Zed", Text("旁人", "an outsider"), "demo:zed"),
)


def seed_if_empty(progress: Callable[[str], None] = lambda chapter: None) -> list[Person]:
    """Fill an empty database with the demo, all or nothing; return whom to introduce either way.

    `progress` is told each chapter as it begins.
    """
    with transaction():
        if session().scalar(select(Staff.id).limit(1)) is None:
            tell({role: _hire(name, role) for name, role, _ in STAFF}, progress)
    staff = [
        Person(name.capitalize(), part, f"{_email(name)} / {_password(name)}")
        for name, _, part in STAFF
    ]
    return [*staff, *SHOPPERS]


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
