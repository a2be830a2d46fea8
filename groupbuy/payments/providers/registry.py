"""The registry: adding a provider is one file and one line here."""

from collections.abc import Iterator
from contextlib import contextmanager

from groupbuy.kernel.db import outside_transaction
from groupbuy.kernel.settings import settings
from groupbuy.payments.providers.demo import DemoProvider
from groupbuy.payments.providers.interface import Provider
from groupbuy.payments.providers.stripe import StripeProvider
from groupbuy.payments.providers.wechat_pay import WeChatPayProvider

PROVIDERS: dict[str, type[Provider]] = {
    "demo": DemoProvider,
    "stripe": StripeProvider,
    "wechatpay": WeChatPayProvider,
}


def provider_named(name: str) -> Provider:
    """Return a provider, set up from the application's settings.

    Raises:
        DemoPaymentsRefused: the demo provider outside demo mode.
        PaymentMethodUnavailable: WeChat Pay without its keys.
    """
    return PROVIDERS[name].configured(settings())


@contextmanager
def talking_to(name: str) -> Iterator[Provider]:
    """Yield a provider to be asked; one that needs the network only outside a transaction."""
    provider = provider_named(name)
    if not provider.remote:
        yield provider
        return
    with outside_transaction():
        yield provider
