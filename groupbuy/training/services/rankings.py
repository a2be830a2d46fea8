"""Closing a ranking: its rewards are proposed to the settlement, where another person decides."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import InvalidInput
from groupbuy.settlement import services as settlement
from groupbuy.settlement.rules.adjustments import AdjustmentReason
from groupbuy.training.errors import RankingClosed, RankingRuns
from groupbuy.training.models import Program, Ranking, RankingPlace
from groupbuy.training.queries import leaderboard
from groupbuy.training.queries.leaderboard import BoardPlace
from groupbuy.training.rules.incentives import Span, days_of
from groupbuy.training.services.targets import NO_PROGRAM


def close_ranking(
    *,
    span: str,
    day: date,
    title: str,
    amounts_fen: Sequence[int],
    program_id: str | None = None,
    calendar: Calendar,
    actor: Actor,
    now: datetime,
) -> Ranking:
    """Close the ranking of the week or month in which a day lies, with an amount for each rank.

    For each rank with an amount an adjustment of the settlement is proposed; it pays nothing
    until somebody else approves it there. Once for each ranking, whoever closes it at the same
    time.

    Raises:
        InvalidInput: there is no such program.
        RankingRuns: the week or month is not over.
        RankingClosed: it was closed before.
    """
    days = days_of(Span(span), day)
    assert days is not None, "a ranking of all time is never over"
    if calendar.midnight(days.after) > now:
        raise RankingRuns(after=days.after.isoformat())
    if program_id is not None and session().get(Program, program_id) is None:
        raise InvalidInput.at("/program_id", NO_PROGRAM)
    new = insert(Ranking).values(
        id=new_id("rkg"),
        span=span,
        starts_on=days.first,
        program_id=program_id,
        title=title,
        amounts=list(amounts_fen),
        closed_at=now,
        closed_by=actor.label,
    )
    ranking: Ranking | None = session().scalar(new.on_conflict_do_nothing().returning(Ranking))
    if ranking is None:
        raise RankingClosed
    places = leaderboard.first_places(
        ranks=len(amounts_fen), span=Span(span), day=day, calendar=calendar, program=program_id
    )
    for place in places:
        session().add(_rewarded(ranking, place, actor, now))
    session().flush()
    audit.record(
        actor=actor, action="ranking.close", subject=ranking.id, now=now, places=len(places)
    )
    return ranking


def _rewarded(ranking: Ranking, place: BoardPlace, actor: Actor, now: datetime) -> RankingPlace:
    amount_fen = ranking.amounts[place.rank - 1]
    proposed = (
        settlement.propose_adjustment(
            leader_id=place.leader_id,
            amount_fen=amount_fen,
            reason_code=AdjustmentReason.BONUS,
            reason=f"{ranking.title} · {place.rank} · {ranking.id}",
            actor=actor,
            now=now,
        )
        if amount_fen
        else None
    )
    return RankingPlace(
        ranking_id=ranking.id,
        rank=place.rank,
        leader_id=place.leader_id,
        points=place.points,
        amount_fen=amount_fen,
        adjustment_id=proposed.id if proposed else None,
    )
