"""Signals: how a lower domain tells what happened without knowing who listens.

A domain declares past-tense facts in its `signals.py`; a higher one connects in `receivers.py`
with a module-level function named for its effect. Receivers run in the sender's transaction,
touch only the database, and never rely on their order.
"""

from collections.abc import Callable
from typing import Any

from blinker import NamedSignal, Namespace

_facts = Namespace()
RECEIVERS: dict[str, set[str]] = {}


def fact(name: str, doc: str) -> NamedSignal:
    """Declare a fact; `doc` gives the sender and every keyword argument."""
    return _facts.signal(name, doc)


def on(signal: NamedSignal) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Connect a module-level receiver (blinker holds it weakly: a nested one would vanish)."""

    def connect(receiver: Callable[..., None]) -> Callable[..., None]:
        if "<locals>" in receiver.__qualname__:
            raise TypeError("a receiver must be a module-level function")
        signal.connect(receiver)
        RECEIVERS.setdefault(signal.name, set()).add(f"{receiver.__module__}.{receiver.__name__}")
        return receiver

    return connect


def announce(signal: NamedSignal, sender: Any, **arguments: Any) -> None:
    """Tell every receiver, in the present transaction."""
    signal.send(sender, **arguments)
