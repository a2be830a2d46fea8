"""Payout accounts: their kinds, what each needs, and how they are shown."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum


class AccountKind(StrEnum):
    """Where a leader can be paid to; a channel pays to one kind."""

    BANK = "bank"
    WECHAT = "wechat"
    STRIPE = "stripe"
    DEMO = "demo"


DETAILS: dict[AccountKind, Mapping[str, re.Pattern[str]]] = {
    AccountKind.BANK: {
        "holder": re.compile(r"\S.{0,99}"),
        "account": re.compile(r"[0-9A-Za-z]{5,34}"),
        "bank": re.compile(r"\S.{0,99}"),
    },
    AccountKind.WECHAT: {"name": re.compile(r"\S.{0,99}")},
    AccountKind.STRIPE: {"account": re.compile(r"acct_[0-9A-Za-z]{4,60}")},
    AccountKind.DEMO: {"name": re.compile(r"\S.{0,99}")},
}
"""What an account of each kind consists of, by the channel's own names.

WeChat pays to the leader's own openid, which the leader cannot choose; the name must be the real
one.
"""

_TELLING = {
    AccountKind.BANK: "account",
    AccountKind.WECHAT: "name",
    AccountKind.STRIPE: "account",
    AccountKind.DEMO: "name",
}

SHOWN = 4


def faults(kind: AccountKind, details: Mapping[str, str]) -> Iterator[str]:
    """Yield the names of details that are missing, malformed or superfluous."""
    forms = DETAILS[kind]
    for name in (*forms, *(details.keys() - forms.keys())):
        if name not in forms or not forms[name].fullmatch(details.get(name, "")):
            yield name


def masked(kind: AccountKind, details: Mapping[str, str]) -> str:
    """Return how an account is shown: `**** 1234`, or a name's first letter."""
    text = details[_TELLING[kind]]
    if _TELLING[kind] == "name":
        return f"{text[:1]}**"
    return f"**** {text[-SHOWN:]}"
