"""What a rule that places holds is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Text as SqlText
from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.sql.selectable import TextualSelect

from groupbuy.holds.rules import Stream
from groupbuy.kernel.ids import Id
from groupbuy.kernel.texts import Text

Facts = Mapping[str, Any]
Values = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that headquarters may set, between two bounds."""

    default: int
    minimum: int
    maximum: int
    meaning: Text


@dataclass(frozen=True, slots=True)
class Kind:
    """A rule: a query that finds orders, and a pure function that says how bad each is.

    `finder` is asked about a batch of orders and yields `order_id`, `leader_id` and the facts,
    which become the evidence: ids, counts and amounts, nothing personal. It may find further
    orders than those of the batch. `score` judges the facts from 0 to 100; from `threshold` on,
    unless headquarters says otherwise, the order is put on hold. `told` is what its leader reads:
    that something is looked into, not how it was seen.
    """

    name: str
    title: Text
    told: Text
    stream: Stream
    threshold: int
    finder: TextualSelect
    score: Callable[[Facts, Values], int]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    @property
    def defaults(self) -> dict[str, int]:
        """Return the parameters as they are until headquarters changes them."""
        return {name: parameter.default for name, parameter in self.parameters.items()}


EARNS = "o.paid_at is not null and o.state <> 'cancelled' and o.leader_id is not null"
"""The condition of an order `o` that earns a leader something."""


def finder(sql: str, **prefixes: str) -> TextualSelect:
    """Return a finder: `:order_ids` is the batch, `prefixes` give the types of the ids found.

    A column that is not named comes as it is.
    """
    query: TextClause = text(sql)
    if ":order_ids" in sql:
        query = query.bindparams(bindparam("order_ids", type_=Id("ord"), expanding=True))
    if ":zone" in sql:
        query = query.bindparams(bindparam("zone", type_=SqlText()))
    ids = {"order_id": "ord", "leader_id": "ldr", **prefixes}
    return query.columns(**{name: Id(prefix) for name, prefix in ids.items()})
