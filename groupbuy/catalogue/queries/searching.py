"""The search in SQL."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, false, func, literal
from sqlalchemy.dialects.postgresql import TSQUERY

from groupbuy.catalogue.rules import search_query

_SHARES = 1_000_000
"""What a rank of 1 is in whole numbers, so that a page can begin exactly where one ended."""


def found_by(q: str, words: Any, *, within: str = "") -> ColumnElement[bool]:
    """Tell whether a row has all the words of `q`; where there are no words nothing is found."""
    query = search_query(q, within=within)
    return false() if query is None else matches(words, literal(query))


def matches(words: Any, query: ColumnElement[str]) -> ColumnElement[bool]:
    """Tell whether a row has the words of a query by `rules.search_query`; an empty one: none."""
    found: ColumnElement[bool] = words.op("@@", is_comparison=True)(cast(query, TSQUERY))
    return found


def rank_of(words: Any, query: ColumnElement[str]) -> ColumnElement[int]:
    """Return how well a row fits a query: how near together, in how weighty a text, it stands."""
    return cast(func.ts_rank_cd(words, cast(query, TSQUERY)) * _SHARES, BigInteger)
