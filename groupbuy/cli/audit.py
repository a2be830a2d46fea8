"""`flask audit`: hold the audit log against its chain."""

import sys
from typing import Any

import click

from groupbuy.kernel import audit
from groupbuy.kernel.audit import Break, Head
from groupbuy.kernel.db import transaction


def link_all() -> Head:
    """Link what is unlinked, a portion in each transaction, and return the head."""
    while _link():
        pass
    with transaction():
        return audit.head()


def verify_chain(noted: Head | None) -> None:
    """Link what is unlinked, go through the chain and print its head, or where it breaks.

    Raises:
        Exit: with code 1, if it is broken.
    """
    end = link_all()
    length = max(end.sequence - (noted.sequence - 1 if noted else 0), 0)
    found: Break | None = None
    checked, last = 0, Head(0, audit.GENESIS)
    shown: Any = click.progressbar(
        length=length, label="audit log", file=sys.stderr, update_min_steps=1_000
    )
    with transaction(), shown as bar:
        for step in audit.walk(noted):
            if isinstance(step, Break):
                found = step
                break
            checked, last = checked + 1, step
            bar.update(1)
    if found is not None:
        _tell(found)
        raise click.exceptions.Exit(1)
    click.echo(f"{checked} entries hold; the head is\n{last.sequence} {last.digest}")


def _link() -> int:
    with transaction():
        return audit.link()


def _tell(found: Break) -> None:
    name = f" ({found.entry_id})" if found.entry_id else ""
    click.echo(f"BROKEN at entry {found.sequence}{name}: {found.fault}")
