"""Corrections, pure: what was delivered short or light, and what that is worth."""

from enum import StrEnum
from fractions import Fraction

from groupbuy.kernel.money import half_up
from groupbuy.kernel.problems import NotInThisState
from groupbuy.orders.rules.after_sales import AfterSaleKind


class CorrectionKind(StrEnum):
    """What is corrected: units that did not come, or goods that weigh less."""

    SHORTAGE = AfterSaleKind.SHORTAGE.value
    WEIGHT = AfterSaleKind.WEIGHT.value


class CorrectionState(StrEnum):
    """Where a correction stands; a draft is its preview."""

    DRAFT = "draft"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


class CorrectionAction(StrEnum):
    """What moves a correction on."""

    EXECUTE = "execute"
    FINISH = "finish"
    CANCEL = "cancel"


class CorrectedState(StrEnum):
    """What became of one order of a correction: refunded, referred to staff, or left out."""

    PLANNED = "planned"
    REFUNDED = "refunded"
    REFERRED = "referred"
    SKIPPED = "skipped"


class CorrectedAction(StrEnum):
    """What settles one order of a correction."""

    REFUND = "refund"
    REFER = "refer"
    SKIP = "skip"


_S, _A = CorrectionState, CorrectionAction

CORRECTION_MOVES: dict[tuple[CorrectionState, CorrectionAction], CorrectionState] = {
    (_S.DRAFT, _A.EXECUTE): _S.RUNNING,
    (_S.DRAFT, _A.CANCEL): _S.CANCELLED,
    (_S.RUNNING, _A.FINISH): _S.DONE,
}

CORRECTED_MOVES: dict[tuple[CorrectedState, CorrectedAction], CorrectedState] = {
    (CorrectedState.PLANNED, CorrectedAction.REFUND): CorrectedState.REFUNDED,
    (CorrectedState.PLANNED, CorrectedAction.REFER): CorrectedState.REFERRED,
    (CorrectedState.PLANNED, CorrectedAction.SKIP): CorrectedState.SKIPPED,
}


def correction_after(state: str, action: CorrectionAction) -> CorrectionState:
    """Return the state an action leads to.

    Raises:
        NotInThisState: the table does not allow it.
    """
    try:
        return CORRECTION_MOVES[CorrectionState(state), action]
    except KeyError:
        raise NotInThisState(state=str(state), action=str(action)) from None


def worth_of_missing_weight(*, paid_fen: int, ordered_g: int, delivered_g: int) -> int:
    """Return what the missing part of a weight is worth, in fen, in proportion to the price."""
    return half_up(Fraction(paid_fen * (ordered_g - delivered_g), ordered_g))
