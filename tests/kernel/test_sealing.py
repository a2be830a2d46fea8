"""Secrets at rest: a ring of keys, bound to an owner."""

import base64

import pytest

from groupbuy.kernel.sealing import DEMO_KEYS, KeyRing, Unsealable

OLD = base64.b64encode(b"o" * 32).decode()
NEW = base64.b64encode(b"n" * 32).decode()


def test_it_opens_what_it_sealed_and_never_seals_the_same_way_twice() -> None:
    ring = KeyRing.parse(f"old:{OLD}")
    first, second = (ring.seal(b"secret", owner="mei") for _ in range(2))
    assert first != second
    assert b"secret" not in first
    assert ring.open(first, key_id="old", owner="mei") == b"secret"


def test_it_seals_under_the_first_key_and_opens_under_all() -> None:
    sealed = KeyRing.parse(f"old:{OLD}").seal(b"secret", owner="mei")
    ring = KeyRing.parse(f"new:{NEW}, old:{OLD}")
    assert ring.first == "new"
    assert ring.open(sealed, key_id="old", owner="mei") == b"secret"


def test_it_opens_nothing_of_another_owner_or_that_was_changed() -> None:
    ring = KeyRing.parse(DEMO_KEYS)
    sealed = ring.seal(b"secret", owner="mei")
    for changed, key_id, owner in (
        (sealed, "demo", "bo"),
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), "demo", "mei"),
        (sealed, "lost", "mei"),
        (b"", "demo", "mei"),
    ):
        with pytest.raises(Unsealable):
            ring.open(changed, key_id=key_id, owner=owner)


@pytest.mark.parametrize(
    "text", ["", "x", "a:b", f"a b:{OLD}", "a:AAAA", f"a:{OLD},a:{NEW}", f"a:{OLD},", f":{OLD}"]
)
def test_it_refuses_what_is_no_ring_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(must be|has two)") as refusal:
        KeyRing.parse(text)
    assert OLD not in str(refusal.value)


def test_it_shows_no_key() -> None:
    assert "demo" not in repr(KeyRing.parse(DEMO_KEYS))
