"""Which ways to pay are offered."""

from dataclasses import dataclass

from groupbuy.kernel.settings import settings
from groupbuy.payments.errors import PaymentMethodUnavailable
from groupbuy.payments.providers.registry import PROVIDERS


@dataclass(frozen=True, slots=True)
class Method:
    """A way to pay; the default one is taken by whoever does not choose."""

    provider: str
    method: str
    default: bool


def offered() -> list[Method]:
    """Return the ways to pay that shoppers may choose from, the default one first.

    Whoever does not choose pays through PAYMENT_PROVIDER: its own first method if that is among
    PAYMENT_METHODS, else the first of its methods there.
    """
    present = settings()
    own = (present.payment_provider, PROVIDERS[present.payment_provider].methods[0])
    chosen = [
        (provider, method)
        for provider, _, method in (one.partition(":") for one in _pairs(present.payment_methods))
        if method in PROVIDERS[provider].methods
    ] or [own]
    of_provider = [pair for pair in chosen if pair[0] == own[0]]
    default = own if own in chosen else (of_provider or chosen)[0]
    ordered = [default, *(pair for pair in chosen if pair != default)]
    return [Method(provider, method, (provider, method) == default) for provider, method in ordered]


def _pairs(text: str) -> list[str]:
    return [pair for pair in text.split(",") if pair]


def choose(*, provider: str | None, method: str | None) -> Method:
    """Return the way to pay that is meant, the default one where nothing is said.

    Raises:
        PaymentMethodUnavailable: it is not offered.
    """
    for one in offered():
        if provider in (None, one.provider) and method in (None, one.method):
            return one
    raise PaymentMethodUnavailable
