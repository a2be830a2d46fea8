"""Talking to the channels, outside any transaction where they need the network."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from groupbuy.payouts.errors import PayoutChannelUnavailable
from groupbuy.payouts.providers.interface import Channel, Outcome, Transfer
from groupbuy.payouts.providers.registry import ChannelUnavailable, channel, names, talking_to
from groupbuy.payouts.rules.states import AttemptState

UNKNOWN = Outcome(AttemptState.UNKNOWN)
UNHEARD = (AttemptState.CREATED, AttemptState.UNKNOWN)
"""The states in which a channel may have never seen a number."""

BY_FILE = frozenset({"manual_bank_file"})
"""The channels that pay by a file: only the bank's result says how a transfer ended."""


SURELY_LOST = timedelta(minutes=10)
"""After which no request of ours can still be on its way."""
NEVER_SEEN = "NEVER_SEEN"


@dataclass(frozen=True, slots=True)
class Intent:
    """An attempt whose intent is committed: what to ask of which channel."""

    channel: str
    transfer: Transfer
    state: AttemptState
    has_action: bool
    cancel_asked_at: datetime | None


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


def ask(*, intent: Intent, now: datetime) -> Outcome:
    """Ask how an attempt stands.

    One that the channel has surely never seen is submitted under the same number; so is one that
    waits for its leader if what the leader's phone needs was lost with the answer. What somebody
    wants back is never submitted again: if the channel has never seen it, it is cancelled.
    """
    with talking_to(intent.channel) as found:
        outcome = found.query(intent.transfer.number)
        if intent.cancel_asked_at is not None:
            lost = outcome is None and now >= intent.cancel_asked_at + SURELY_LOST
            gone = Outcome(AttemptState.CANCELLED, reason=NEVER_SEEN)
            return gone if lost and intent.state in UNHEARD else outcome or UNKNOWN
        if outcome is None and intent.state in UNHEARD:
            return found.submit(intent.transfer)
        if outcome is not None and outcome.state is AttemptState.AWAITING_USER:
            needed = not (outcome.action or intent.has_action)
            return found.submit(intent.transfer) if needed else outcome
    return outcome or UNKNOWN


def cancel(*, intent: Intent) -> Outcome:
    """Ask to take back what the leader has not confirmed; how it then stands."""
    with talking_to(intent.channel) as found:
        return found.cancel(intent.transfer.number)
