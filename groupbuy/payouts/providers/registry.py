"""The registry: adding a channel is one file and one line here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from groupbuy.kernel.db import outside_transaction
from groupbuy.kernel.settings import Settings, settings
from groupbuy.payouts.providers.bank_file import BankFileChannel
from groupbuy.payouts.providers.demo import DemoChannel
from groupbuy.payouts.providers.interface import Channel
from groupbuy.payouts.providers.stripe_transfer import StripeTransferChannel
from groupbuy.payouts.providers.wechat_transfer import WeChatTransferChannel

CHANNELS: dict[str, Callable[[Settings], Channel | None]] = {
    "manual_bank_file": BankFileChannel.configured,
    "wechat_transfer": WeChatTransferChannel.configured,
    "stripe_transfer": StripeTransferChannel.configured,
    "demo": DemoChannel.configured,
}
"""Each makes its channel from the settings, or None where these do not allow it."""


class ChannelUnavailable(LookupError):
    """No channel of that name, or the settings do not allow it: `names()` has those they do."""


def channel(name: str) -> Channel:
    """Return a channel, set up from the application's settings.

    Raises:
        ChannelUnavailable: unknown, without its keys, or the demo channel outside demo mode.
    """
    make = CHANNELS.get(name)
    made = make(settings()) if make else None
    if made is None:
        raise ChannelUnavailable(name)
    return made


def names() -> tuple[str, ...]:
    """Return the names of the channels that the present settings allow."""
    return tuple(name for name, make in CHANNELS.items() if make(settings()) is not None)


@contextmanager
def talking_to(name: str) -> Iterator[Channel]:
    """Yield a channel to be asked; one that needs the network only outside a transaction.

    Raises:
        ChannelUnavailable: see `channel`.
    """
    found = channel(name)
    if not found.remote:
        yield found
        return
    with outside_transaction():
        yield found
