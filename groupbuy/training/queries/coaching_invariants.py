"""What coaching, points, badges and rankings promise."""

from groupbuy.kernel.books import Invariant

COACHING_INVARIANTS = (
    Invariant(
        "training.segments_numbered",
        "the places of a month are numbered without gaps, the ranked ones first",
        "select month, leader_id, position, place from (select s.month, s.leader_id, s.position, "
        "s.rank, r.ranked, row_number() over (partition by s.month order by s.position) place "
        "from coaching_segments s join coaching_segment_runs r on r.month = s.month) n "
        "where position <> place or (rank is null) <> (place > ranked)",
    ),
    Invariant(
        "training.segments_in_order",
        "who sold more is ranked higher",
        "select month, leader_id, rank, net_fen from (select *, lag(net_fen) over "
        "(partition by month order by rank) before from coaching_segments "
        "where rank is not null) o where net_fen > before",
    ),
    Invariant(
        "training.segments_of_locked_months",
        "only locked months have segments",
        "select r.month from coaching_segment_runs r join settlement_periods p "
        "on p.month = r.month where p.state <> 'locked'",
    ),
    Invariant(
        "training.coaches_within_limit",
        "no coach has more open plans than allowed",
        "select c.staff_id, c.load_limit, count(*) from coaches c join coaching_plans p "
        "on p.coach_id = c.staff_id and p.state = 'open' group by c.staff_id "
        "having count(*) > c.load_limit",
    ),
    Invariant(
        "training.plans_of_segments",
        "a plan names the segment that its leader had in its month",
        "select p.id, p.month, p.segment from coaching_plans p left join coaching_segments s "
        "on s.leader_id = p.leader_id and s.month = p.month "
        "where s.segment is distinct from p.segment",
    ),
    Invariant(
        "training.notes_corrected_in_place",
        "a note corrects one of the same plan",
        "select n.id from coaching_notes n join coaching_notes c on c.id = n.corrects_id "
        "where c.plan_id <> n.plan_id",
    ),
    Invariant(
        "training.points_are_their_sum",
        "a leader's points are the sum of the entries",
        "select e.leader_id, e.points, s.points standing from (select leader_id, "
        "sum(points) points from points_entries group by leader_id) e full join "
        "points_standings s on s.leader_id = e.leader_id "
        "where coalesce(e.points, 0) <> coalesce(s.points, 0)",
    ),
    Invariant(
        "training.points_taken_back_once",
        "what takes points back is the opposite of an entry of the same leader",
        "select r.id, r.reverses_id from points_entries r join points_entries e "
        "on e.id = r.reverses_id where r.leader_id <> e.leader_id or r.points <> -e.points "
        "or e.cause = 'reversal'",
    ),
    Invariant(
        "training.rankings_pay_what_was_set",
        "a place gets the amount of its rank, by an adjustment for its leader",
        "select p.ranking_id, p.rank from training_ranking_places p join training_rankings r "
        "on r.id = p.ranking_id left join settlement_adjustments a on a.id = p.adjustment_id "
        "where p.amount_fen <> (r.amounts ->> (p.rank - 1)::int)::bigint "
        "or p.leader_id <> a.leader_id",
    ),
)
