"""Which tax regime holds for whom: prepared by one, approved by another."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput
from groupbuy.kernel.texts import Text
from groupbuy.leaders import queries as leaders
from groupbuy.payouts import queries
from groupbuy.payouts.errors import NoTaxTable, PayoutApproverIsPreparer, TaxRegimeTaken
from groupbuy.payouts.models import TaxRegime
from groupbuy.payouts.rules.states import TAX_REGIME_MOVES, RegimeState, move
from groupbuy.payouts.rules.tax import Regime, first_day

_IN_THE_PAST = Text(
    "不能早于现在：已付款项不会重新计税。", "It is in the past: what is paid is never taxed anew."
)


def create_regime(
    *,
    regime: str,
    effective_from: datetime,
    leader_id: str | None,
    note: str,
    calendar: Calendar,
    actor: Actor,
    now: datetime,
) -> TaxRegime:
    """Prepare a tax regime for one leader or, with None, for everyone.

    Raises:
        NotFound: there is no such leader.
        InvalidInput: it would begin in the past; what is paid is never taxed anew.
        NoTaxTable: the regime has no table yet on the day from which it is to hold.
    """
    if leader_id is not None:
        leaders.leader(leader_id)
    first = first_day(Regime(regime))
    if calendar.day_of(effective_from) < first:
        raise NoTaxTable(first_day=first.isoformat())
    if effective_from < now:
        raise InvalidInput.at("/effective_from", _IN_THE_PAST)
    made = TaxRegime(
        leader_id=leader_id,
        regime=regime,
        effective_from=effective_from,
        note=note,
        created_by=actor.label,
        created_at=now,
    )
    session().add(made)
    session().flush()
    _record(made, "tax_regime_created", actor=actor, now=now)
    return made


def approve_regime(*, regime_id: str, actor: Actor, now: datetime) -> TaxRegime:
    """Let a regime hold; it never changes from then on.

    Raises:
        NotInThisState: it is decided already.
        PayoutApproverIsPreparer: the actor prepared it.
        TaxRegimeTaken: another one of the same scope begins at the same instant.
    """
    found = queries.locked_regime(regime_id)
    after = move(TAX_REGIME_MOVES, RegimeState(found.state), "approve")
    if actor.label == found.created_by:
        raise PayoutApproverIsPreparer
    try:
        with session().begin_nested():
            _decide(found, after, actor=actor, now=now)
    except IntegrityError as taken:
        raise TaxRegimeTaken from taken
    _record(found, "tax_regime_approved", actor=actor, now=now)
    return found


def withdraw_regime(*, regime_id: str, actor: Actor, now: datetime) -> TaxRegime:
    """Take back a regime that is not approved.

    Raises:
        NotInThisState: it is decided already.
    """
    found = queries.locked_regime(regime_id)
    after = move(TAX_REGIME_MOVES, RegimeState(found.state), "withdraw")
    _decide(found, after, actor=actor, now=now)
    _record(found, "tax_regime_withdrawn", actor=actor, now=now)
    return found


def _decide(found: TaxRegime, state: RegimeState, *, actor: Actor, now: datetime) -> None:
    found.state, found.decided_by, found.decided_at = state, actor.label, now
    session().flush()


def _record(found: TaxRegime, action: str, *, actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=f"payouts.{action}",
        subject=found.id,
        now=now,
        regime=found.regime,
        leader_id=found.leader_id,
        effective_from=found.effective_from.isoformat(),
    )
