"""After-sales, pure: the one table of allowed moves, and who may ask when."""

from enum import StrEnum

from groupbuy.kernel.problems import NotInThisState
from groupbuy.orders.rules.orders import OrderState


class AfterSaleKind(StrEnum):
    """What it is: a shopper's request, or a correction of what was delivered."""

    REQUEST = "request"
    SHORTAGE = "shortage"
    WEIGHT = "weight"


class AfterSaleState(StrEnum):
    """Where an after-sale stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    RETURNING = "returning"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class AfterSaleAction(StrEnum):
    """What moves an after-sale on."""

    REQUEST = "request"
    APPROVE = "approve"
    AWAIT_RETURN = "await_return"
    REFUND = "refund"
    SETTLE = "settle"
    FAIL = "fail"
    REJECT = "reject"
    WITHDRAW = "withdraw"


class AfterSaleReason(StrEnum):
    """What is wrong with the goods."""

    DAMAGED = "damaged"
    MISSING = "missing"
    WRONG = "wrong"
    QUALITY = "quality"
    NOT_WANTED = "not_wanted"
    OTHER = "other"


_S, _A = AfterSaleState, AfterSaleAction

AFTER_SALE_MOVES: dict[tuple[AfterSaleState, AfterSaleAction], AfterSaleState] = {
    (_S.REQUESTED, _A.APPROVE): _S.APPROVED,
    (_S.REQUESTED, _A.REJECT): _S.REJECTED,
    (_S.REQUESTED, _A.WITHDRAW): _S.WITHDRAWN,
    (_S.APPROVED, _A.AWAIT_RETURN): _S.RETURNING,
    (_S.APPROVED, _A.REFUND): _S.REFUNDING,
    # Approved and not refunding: the provider refused the refund. Staff try again, or end it.
    (_S.APPROVED, _A.REJECT): _S.REJECTED,
    (_S.APPROVED, _A.WITHDRAW): _S.WITHDRAWN,
    (_S.RETURNING, _A.REFUND): _S.REFUNDING,
    (_S.RETURNING, _A.REJECT): _S.REJECTED,
    (_S.RETURNING, _A.WITHDRAW): _S.WITHDRAWN,
    (_S.REFUNDING, _A.SETTLE): _S.REFUNDED,
    (_S.REFUNDING, _A.FAIL): _S.APPROVED,
}

HOLDING = (_S.REQUESTED, _S.APPROVED, _S.RETURNING)
"""While it stands here, what was asked for is held on the order's lines."""

OPEN = (*HOLDING, _S.REFUNDING)
"""While one stands here, its order is not completed."""

ASKABLE = frozenset(
    {
        OrderState.PAID,
        OrderState.GROUP_PENDING,
        OrderState.PREPARING,
        OrderState.SHIPPED,
        OrderState.READY_FOR_PICKUP,
        OrderState.PICKED_UP,
    }
)
"""Where an order stands while its shopper may ask: paid and not completed."""

HANDED_OVER = frozenset({OrderState.PICKED_UP, OrderState.COMPLETED})
"""Where an order stands when there is something to send back."""

MAX_NOTES = 50
"""What shopper and staff may write to each other about one after-sale."""


def after_sale_after(state: str, action: AfterSaleAction) -> AfterSaleState:
    """Return the state an action leads to.

    Raises:
        NotInThisState: the table does not allow it.
    """
    try:
        return AFTER_SALE_MOVES[AfterSaleState(state), action]
    except KeyError:
        raise NotInThisState(state=str(state), action=str(action)) from None
