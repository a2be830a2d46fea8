"""Points, leaderboards and closed rankings over HTTP."""

from datetime import date
from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, PageQuery, page_of
from groupbuy.kernel.problems import NotFound
from groupbuy.kernel.settings import settings
from groupbuy.training import errors
from groupbuy.training.models import LeaderboardPreference, PointsEntry, Ranking
from groupbuy.training.queries import leaderboard, rankings
from groupbuy.training.queries import points as queries
from groupbuy.training.queries.leaderboard import BoardPlace
from groupbuy.training.queries.points import RuleView
from groupbuy.training.queries.rankings import RankingView
from groupbuy.training.schemas.incentives import (
    BoardPlaceSchema,
    LeaderboardPreferenceBody,
    LeaderboardPreferenceSchema,
    LeaderboardQuery,
    OwnLeaderboardSchema,
    OwnPointsSchema,
    PointsBody,
    PointsEntrySchema,
    PointsQuery,
    PointsReversalBody,
    PointsRuleBody,
    PointsRuleSchema,
    PointsRulesSchema,
    RankingBody,
    RankingQuery,
    RankingRowSchema,
    RankingSchema,
)
from groupbuy.training.services import points as services
from groupbuy.training.services.rankings import close_ranking

api = Api("training_points", __name__, url_prefix="/api/v1", description="Points and rankings")

RULE = "/hq/points-rules/<cause>"
RANKINGS = "/hq/rankings"
PREFERENCE = "/leader/leaderboard-preference"


def _which(query: dict[str, Any]) -> dict[str, Any]:
    """Return which leaderboard a query asks for, and the page of it."""
    calendar = settings().calendar
    asked: date | None = query["on"]
    rest = {name: value for name, value in query.items() if name != "on"}
    return {**rest, "day": asked or calendar.day_of(clock.now()), "calendar": calendar}


@api.get("/hq/points-rules", allow="coaching.read", returns=PointsRulesSchema)
def list_points_rules(actor: Actor) -> dict[str, list[RuleView]]:
    """List what every cause is worth."""
    return {"items": queries.rule_views()}


@api.get(RULE, allow="coaching.read", returns=PointsRuleSchema, versioned=True)
def show_points_rule(actor: Actor, cause: str) -> RuleView:
    """Show what a cause is worth."""
    return queries.rule_view(cause)


@api.put(
    RULE,
    allow="coaching.edit",
    body=PointsRuleBody,
    returns=PointsRuleSchema,
    versioned=True,
    example={"points": 15},
)
def set_points_rule(actor: Actor, cause: str, if_match: int, body: dict[str, Any]) -> RuleView:
    """Set what a cause is worth from now on; 0 gives nothing."""
    with transaction():
        known = queries.rule_view(cause).cause
        return services.set_rule(
            cause=known, if_match=if_match, actor=actor, now=clock.now(), **body
        )


@api.get("/hq/points", allow="coaching.read", query=PointsQuery, returns=page_of(PointsEntrySchema))
def list_points(actor: Actor, query: dict[str, Any]) -> Page[PointsEntry]:
    """List entries of points, the newest first."""
    return queries.entry_list(**query)


@api.post(
    "/hq/points",
    allow="coaching.edit",
    body=PointsBody,
    returns=PointsEntrySchema,
    status=201,
    idempotent=True,
    example={
        "leader_id": f"ldr_{'0198f3c2a7b47d1e' * 2}",
        "points": 50,
        "reason": "Helped three newcomers open their groups.",
    },
)
def give_points(actor: Actor, body: dict[str, Any]) -> PointsEntry:
    """Give or take points by hand, for a reason; they are worth no money."""
    with transaction():
        return services.give(**body, actor=actor, now=clock.now())


@api.post(
    "/hq/points/<id(pte):entry_id>/reversal",
    allow="coaching.edit",
    body=PointsReversalBody,
    returns=PointsEntrySchema,
    status=201,
    idempotent=True,
    problems=[NotFound, errors.PointsReversed],
    example={"reason": "The lesson was done by somebody else."},
)
def reverse_points(actor: Actor, entry_id: str, body: dict[str, Any]) -> PointsEntry:
    """Take points back by the opposite entry."""
    with transaction():
        return services.reverse(entry_id=entry_id, **body, actor=actor, now=clock.now())


@api.get(
    "/hq/leaderboard",
    allow="coaching.read",
    query=LeaderboardQuery,
    returns=page_of(BoardPlaceSchema),
)
def show_leaderboard(actor: Actor, query: dict[str, Any]) -> Page[BoardPlace]:
    """Show a leaderboard, as leaders see it."""
    return leaderboard.board_page(**_which(query))


@api.get(RANKINGS, allow="coaching.read", query=RankingQuery, returns=page_of(RankingRowSchema))
def list_rankings(actor: Actor, query: dict[str, Any]) -> Page[Ranking]:
    """List closed rankings, the newest first."""
    return rankings.ranking_list(**query)


@api.post(
    RANKINGS,
    allow="coaching.edit",
    body=RankingBody,
    returns=RankingSchema,
    status=201,
    idempotent=True,
    problems=[errors.RankingRuns, errors.RankingClosed],
    example={
        "span": "week",
        "on": "2026-11-09",
        "title": "Learners of the week",
        "amounts_fen": [5_000, 3_000, 1_000],
    },
)
def close_training_ranking(actor: Actor, body: dict[str, Any]) -> RankingView:
    """Close the ranking of a week or month; its rewards are proposed as adjustments."""
    with transaction():
        day, calendar = body.pop("on"), settings().calendar
        closed = close_ranking(**body, day=day, calendar=calendar, actor=actor, now=clock.now())
        return rankings.ranking_view(closed)


@api.get(f"{RANKINGS}/<id(rkg):ranking_id>", allow="coaching.read", returns=RankingSchema)
def show_ranking(actor: Actor, ranking_id: str) -> RankingView:
    """Show a closed ranking, and what became of its rewards."""
    return rankings.ranking_view(rankings.ranking(ranking_id))


@api.get("/leader/points", allow="training.own", query=PageQuery, returns=OwnPointsSchema)
def show_own_points(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Show what my points sum to, and the entries, the newest first."""
    page = queries.entry_list(leader=actor.leader_id, **query)
    total = queries.standing(actor.leader_id)
    return {"points": total, "items": page.items, "next_cursor": page.next_cursor}


@api.get(
    "/leader/leaderboard",
    allow="training.own",
    query=LeaderboardQuery,
    returns=OwnLeaderboardSchema,
)
def show_own_leaderboard(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Show a leaderboard with my own place; who takes no part is not on it."""
    leaderboard.refuse_others(actor.leader_id, query["cohort"])
    page, own = leaderboard.board_with_own(actor.leader_id, **_which(query))
    hidden = queries.is_hidden(actor.leader_id)
    return {"items": page.items, "next_cursor": page.next_cursor, "own": own, "hidden": hidden}


@api.get(PREFERENCE, allow="training.own", returns=LeaderboardPreferenceSchema)
def show_leaderboard_preference(actor: Actor) -> dict[str, bool]:
    """Show whether I take no part in leaderboards."""
    return {"hidden": queries.is_hidden(actor.leader_id)}


@api.put(
    PREFERENCE,
    allow="training.own",
    body=LeaderboardPreferenceBody,
    returns=LeaderboardPreferenceSchema,
    example={"hidden": True},
)
def set_leaderboard_preference(actor: Actor, body: dict[str, Any]) -> LeaderboardPreference:
    """Leave the leaderboards and their rewards, or take part again; repeatable."""
    with transaction():
        return services.prefer(leader_id=actor.leader_id, **body, now=clock.now())
