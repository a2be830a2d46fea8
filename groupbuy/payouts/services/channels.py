"""Talking to the channels, outside any transaction where they need the network."""

from dataclasses import dataclass

from groupbuy.payouts.errors import PayoutChannelUnavailable
from groupbuy.payouts.providers.interface import Channel, Outcome, Transfer
from groupbuy.payouts.providers.registry import ChannelUnavailable, channel, names, talking_to
from groupbuy.payouts.rules.states import AttemptState

BY_FILE = frozenset({"manual_bank_file"})
"""The channels that pay by a file: only the bank's result says how a transfer ended."""


@dataclass(frozen=True, slots=True)
class Intent:
    """An attempt whose intent is committed: what to ask of which channel."""

    channel: str
    transfer: Transfer
    state: AttemptState
    has_action: bool


def set_up(*, name: str) -> Channel:
    """Return a channel that is set up here.

    Raises:
        PayoutChannelUnavailable: with those that are.
    """
    try:
        return channel(name)
    except ChannelUnavailable:
        known = ", ".join(names())
        raise PayoutChannelUnavailable(channel=name, available=known) from None


def submit(*, intent: Intent) -> Outcome:
    """Ask to pay; the same number again pays nothing more."""
    with talking_to(intent.channel) as found:
        return found.submit(intent.transfer)


def ask(*, intent: Intent) -> Outcome:
    """Ask how an attempt stands.

    One that the channel has surely never seen is submitted under the same number; so is one that
    waits for its leader if what the leader's phone needs was lost with the answer.
    """
    with talking_to(intent.channel) as found:
        outcome = found.query(intent.transfer.number)
        never_seen = outcome is None and intent.state in (
            AttemptState.CREATED,
            AttemptState.UNKNOWN,
        )
        lost = (
            outcome is not None
            and outcome.state is AttemptState.AWAITING_USER
            and not (outcome.action or intent.has_action)
        )
        if never_seen or lost:
            return found.submit(intent.transfer)
    return outcome or Outcome(AttemptState.UNKNOWN)


def cancel(*, intent: Intent) -> Outcome:
    """Ask to take back what the leader has not confirmed; how it then stands."""
    with talking_to(intent.channel) as found:
        return found.cancel(intent.transfer.number)
