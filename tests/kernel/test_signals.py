"""Signals: the sender does not know who listens, and a receiver cannot vanish."""

from typing import Any

import pytest

from groupbuy.kernel.signals import RECEIVERS, announce, fact, on

something_happened = fact("tests.something_happened", "sender: a str; how: a str")
heard: list[tuple[Any, str]] = []


@on(something_happened)
def write_it_down(sender: Any, how: str) -> None:
    heard.append((sender, how))


def test_it_tells_every_receiver_in_the_present_transaction() -> None:
    heard.clear()
    announce(something_happened, "Mei", how="loudly")
    assert heard == [("Mei", "loudly")]
    assert RECEIVERS["tests.something_happened"] == {f"{__name__}.write_it_down"}


def test_it_refuses_a_nested_receiver_because_it_would_vanish() -> None:
    def nested(sender: Any, how: str) -> None: ...

    with pytest.raises(TypeError, match="module-level"):
        on(something_happened)(nested)


def test_it_lets_a_receivers_error_reach_the_sender() -> None:
    with pytest.raises(TypeError):
        announce(something_happened, "Mei", unknown="argument")
