"""The shop's own numbers, for texts that quote them: `${after_sale_hours}` in a lesson."""

from groupbuy.fulfilment.rules.pickup import CODE_DIGITS
from groupbuy.kernel.settings import Settings
from groupbuy.settlement.rules.answers import DISPUTE_WINDOW


def facts_of(settings: Settings) -> dict[str, str]:
    """Return what a text of the curriculum may quote, as it is set here."""
    return {
        "after_sale_hours": str(settings.after_sale_hours),
        "automatic_limit": _yuan(settings.after_sale_automatic_fen),
        "code_digits": str(CODE_DIGITS),
        "confirm_days": str(settings.statement_confirm_days),
        "cutoff_day": str(settings.hold_days + 1),
        "decision_hours": str(settings.after_sale_decision_hours),
        "dispute_days": str(DISPUTE_WINDOW.days),
        "expiry_minutes": str(settings.order_expiry_minutes),
        "flash_minutes": str(settings.flash_expiry_minutes),
        "grace_hours": str(settings.unclaimed_grace_hours),
        "hold_days": str(settings.hold_days),
        "leader_limit": _yuan(settings.leader_correction_fen),
        "leader_limit_fen": str(settings.leader_correction_fen),
        "min_payout": _yuan(settings.min_payout_fen),
        "return_days": str(settings.after_sale_return_days),
        "unclaimed_days": str(settings.unclaimed_after_days),
        "undo_minutes": str(settings.pickup_undo_minutes),
    }


def _yuan(fen: int) -> str:
    yuan, rest = divmod(fen, 100)
    return f"{yuan}.{rest:02d}" if rest else str(yuan)
