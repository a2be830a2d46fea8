"""Our attempts against a channel's own list: what their states mean for the money."""

from groupbuy.kernel.comparison import End
from groupbuy.payouts.rules.states import FINAL, UNPAID, AttemptState


def end_of(state: AttemptState | None) -> End:
    """Return what a state means for the money: paid, not paid, or not known yet."""
    if state is None or state not in FINAL:
        return End.OPEN
    return End.UNPAID if state in UNPAID else End.PAID
