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
    """Return the ways to pay that shoppers may choose from, the default one first."""
    present = settings()
    default = (present.payment_provider, PROVIDERS[present.payment_provider].methods[0])
    chosen = [pair.partition(":") for pair in present.payment_methods.split(",") if pair]
    pairs = [(provider, method) for provider, _, method in chosen] or [default]
    if default not in pairs:
        # Whoever does not choose gets the first of them, the default provider's if it has one.
        own = [pair for pair in pairs if pair[0] == default[0]]
        default = (own or pairs)[0]
    ordered = [default, *(pair for pair in pairs if pair != default)]
    known = [
        Method(provider, method, (provider, method) == default)
        for provider, method in ordered
        if method in PROVIDERS[provider].methods
    ]
    return known


def choose(*, provider: str | None, method: str | None) -> Method:
    """Return the way to pay that is meant, the default one where nothing is said.

    Raises:
        PaymentMethodUnavailable: it is not offered.
    """
    for one in offered():
        if provider in (None, one.provider) and method in (None, one.method):
            return one
    raise PaymentMethodUnavailable
