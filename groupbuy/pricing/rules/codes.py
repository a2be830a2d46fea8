"""Codes that people type: without letters that look alike, whatever case and gaps they use."""

from collections.abc import Callable

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH = 12
"""60 bits: a guess a second would find one of a million codes in some 37,000 years."""


def new_code(choose: Callable[[str], str]) -> str:
    """Return a random code; `choose` draws a letter."""
    return "".join(choose(LETTERS) for _ in range(LENGTH))


def normal(code: str) -> str:
    """Return a code as it is kept: in capitals, without spaces and hyphens."""
    return code.upper().replace(" ", "").replace("-", "")
