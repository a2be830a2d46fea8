"""What makes one kind of sheet differ from the others."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from groupbuy.imports.rules import Plan, Row
from groupbuy.kernel.access import Actor
from groupbuy.kernel.sheets import Column


class Kind(Protocol):
    """A sheet that goes in and out with the same columns: what is exported changes nothing."""

    COLUMNS: Sequence[Column]
    NEEDED: Sequence[str]

    def check(self, rows: Sequence[Row]) -> Plan:
        """Say what the rows would do, in a constant number of statements; change nothing.

        What is wrong is noted on the rows.
        What the rows are about is locked, so that a plan that is carried out in the same
        transaction stays true.
        """
        ...

    def apply(self, plan: Plan, *, actor: Actor, now: datetime) -> None:
        """Carry out a plan without faults."""
        ...

    def export(self) -> Iterable[Sequence[Any]]:
        """Yield everything there is as rows under COLUMNS."""
        ...
