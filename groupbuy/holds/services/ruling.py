"""Setting the rules: which are on, from which score on they hold, and their numbers."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from groupbuy.holds import queries
from groupbuy.holds.kinds.interface import Kind
from groupbuy.holds.models import HoldRule
from groupbuy.holds.queries import RuleView
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput, StaleVersion
from groupbuy.kernel.texts import Text


def edit_rule(
    *,
    rule: str,
    if_match: int,
    enabled: bool | None = None,
    score: int | None = None,
    parameters: Mapping[str, int] | None = None,
    actor: Actor,
    now: datetime,
) -> RuleView:
    """Change a rule for what is looked at from now on; what is left out stays.

    Raises:
        NotFound: there is no such rule.
        InvalidInput: a parameter that the rule does not have, or out of its bounds.
        StaleVersion: it changed since it was read.
    """
    kind = queries.kind_named(rule)
    _check(kind, parameters or {})
    row = session().scalar(
        select(HoldRule)
        .where(HoldRule.rule == rule)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    present = queries.as_set(kind, row)
    if present.version != if_match:
        raise StaleVersion
    wanted = {
        "enabled": present.enabled if enabled is None else enabled,
        "score": present.score if score is None else score,
        "parameters": {**present.parameters, **(parameters or {})},
    }
    row = _write(rule, row, {**wanted, "edited_by": actor.label, "edited_at": now})
    audit.record(actor=actor, action="hold_rule.edit", subject=rule, now=now, **wanted)
    return queries.as_set(kind, row)


def _write(rule: str, row: HoldRule | None, values: Mapping[str, object]) -> HoldRule:
    if row is not None:
        for field, value in values.items():
            setattr(row, field, value)
        session().flush()
        return row
    first = insert(HoldRule).values(rule=rule, **values).on_conflict_do_nothing()
    made: HoldRule | None = session().scalar(first.returning(HoldRule))
    if made is None:
        raise StaleVersion
    return made


def _check(kind: Kind, parameters: Mapping[str, int]) -> None:
    faults = []
    for name, value in parameters.items():
        known = kind.parameters.get(name)
        if known is None:
            faults.append({"pointer": f"/parameters/{name}", "detail": UNKNOWN})
        elif not known.minimum <= value <= known.maximum:
            detail = OUT_OF_BOUNDS.format(least=known.minimum, most=known.maximum)
            faults.append({"pointer": f"/parameters/{name}", "detail": detail})
    if faults:
        raise InvalidInput(errors=faults)


UNKNOWN = Text("该规则没有这个参数。", "The rule has no such parameter.")
OUT_OF_BOUNDS = Text("须在 {least} 与 {most} 之间。", "Must be between {least} and {most}.")
