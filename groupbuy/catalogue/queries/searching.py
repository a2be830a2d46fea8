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
    return false() if query is None else words.op("@@", is_comparison=True)(_query(query))


def rank_of(q: str, words: Any) -> ColumnElement[int]:
    """Return how well a row fits `q`: how near together, and in how weighty a text, it stands."""
    rank = func.ts_rank_cd(words, _query(search_query(q) or ""))
    return cast(rank * _SHARES, BigInteger)


def _query(query: str) -> ColumnElement[Any]:
    return cast(literal(query), TSQUERY)
