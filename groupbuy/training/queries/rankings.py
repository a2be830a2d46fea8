"""Reads of closed rankings."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders.models import Leader
from groupbuy.settlement.models import Adjustment
from groupbuy.training.models import Ranking, RankingPlace


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A place of a closed ranking, and what became of its reward."""

    place: RankingPlace
    name: str
    adjustment_state: str | None


@dataclass(frozen=True, slots=True)
class RankingView:
    """A closed ranking with its places."""

    ranking: Ranking
    places: Sequence[PlaceView]


def ranking(ranking_id: str) -> Ranking:
    """Return a closed ranking, or raise NotFound."""
    found = session().get(Ranking, ranking_id)
    if found is None:
        raise NotFound
    return found


def ranking_view(ranking: Ranking) -> RankingView:
    """Return a closed ranking with its places, in one statement."""
    rows = session().execute(
        select(RankingPlace, Leader.name, Adjustment.state)
        .join(Leader, Leader.id == RankingPlace.leader_id)
        .outerjoin(Adjustment, Adjustment.id == RankingPlace.adjustment_id)
        .where(RankingPlace.ranking_id == ranking.id)
        .order_by(RankingPlace.rank)
    )
    return RankingView(ranking, [PlaceView(*row) for row in rows])


def ranking_list(*, limit: int, cursor: str | None, span: str | None = None) -> Page[Ranking]:
    """Return closed rankings, the newest first."""
    query = select(Ranking)
    if span is not None:
        query = query.where(Ranking.span == span)
    return paginate(query, by=[Ranking.id], limit=limit, cursor=cursor, descending=True)
