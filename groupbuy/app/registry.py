"""Which rooms there are; adding a domain means adding its name here and to the import map."""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import click
from flask_smorest import Blueprint
from sqlalchemy.orm import configure_mappers

from groupbuy.kernel.books import Invariant
from groupbuy.kernel.personal import PersonalData

DOMAINS = (
    "identity",
    "media",
    "catalogue",
    "ledger",
    "payments",
    "notices",
    "leaders",
    "inventory",
    "imports",
    "campaigns",
    "attribution",
    "pricing",
    "orders",
    "fulfilment",
    "commissions",
    "holds",
    "settlement",
    "payouts",
    "training",
)

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def open_rooms() -> None:
    """Import what acts by being imported: tables, receivers, jobs."""
    for room in ("models", "signals", "receivers", "jobs"):
        for _ in _rooms(room):
            pass
    # Now, so that gunicorn's workers share it, and not at the first statement of each.
    configure_mappers()


def blueprints() -> Iterator[Blueprint]:
    """Yield every domain's HTTP surface: all `Api` objects of its `api` module."""
    for module in _rooms("api"):
        yield from (value for value in vars(module).values() if isinstance(value, Blueprint))


def commands() -> Iterator[click.Group]:
    """Yield the operators' command groups."""
    module = import_module("groupbuy.cli.commands")
    yield from (value for value in vars(module).values() if isinstance(value, click.Group))


def invariants() -> Iterator[Invariant]:
    """Yield every invariant that `flask books check` holds the database against."""
    for module in _rooms("queries"):
        yield from getattr(module, "INVARIANTS", ())


def personal() -> Iterator[PersonalData]:
    """Yield what every domain keeps about a shopper."""
    for module in _rooms("queries"):
        yield from getattr(module, "PERSONAL", ())


def _rooms(room: str) -> Iterator[ModuleType]:
    for domain in DOMAINS:
        name = f"groupbuy.{domain}.{room}"
        if find_spec(name) is not None:
            yield import_module(name)
