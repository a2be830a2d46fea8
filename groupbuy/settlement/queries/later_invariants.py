"""What the books promise of corrections and components: one query each, as in invariants.py."""

from groupbuy.kernel.books import Invariant

_SETTLED = "p.state in ('approved', 'locked')"
_REJECTED = """exists (
                select from commission_holds h
                where h.order_id = {0}.order_id and h.state = 'rejected'
                    and h.decided_at <= {0}.until
            )"""
_LAST = """last as (
            select k.commission_line_id, min(k.remaining_after) as remaining,
                sum(k.amount_fen) filter (where k.kind not in ('HOLD', 'RELEASE')) as changed_fen,
                sum(k.amount_fen) filter (where k.kind in ('CLAWBACK', 'RETIER')) as taken_fen,
                (array_agg(
                    k.target_after_fen
                    order by s.month desc, k.event_at desc nulls first, k.remaining_after
                ))[1] as target_fen
            from settlement_corrections k
            join settlement_statements s on s.id = k.statement_id
            join settlement_periods p on p.month = s.month
            where p.state in ('approved', 'locked')
            group by 1
        )"""
"""All that happened to each corrected line, and what it deserves in the end."""

LATER_INVARIANTS = (
    Invariant(
        "settlement.every_late_refund_once",
        "a refund after its line's cutoff is told to whoever has the line, in the one month whose"
        " window it falls in: as a clawback, or by the month computed anew",
        f"""
        with late as (
            select r.refund_key, r.commission_line_id, c.order_id, p.month,
                settled_in.cutoff_at as since, v.clawback_mode = 'retier' as retier,
                case when v.clawback_mode = 'retier' then p.cutoff_at else r.recorded_at end
                    as until
            from settlement_periods p
            join commission_refunds r
                on r.recorded_at >= p.window_from and r.recorded_at < p.cutoff_at
            join commission_lines c on c.id = r.commission_line_id
            join settlement_lines sale on sale.commission_line_id = c.id
            join settlement_statements sold on sold.id = sale.statement_id
            join settlement_periods settled_in on settled_in.month = sold.month
            left join commission_plan_versions v on v.id = sold.plan_version_id
            where {_SETTLED} and settled_in.month < p.month
                and r.recorded_at >= settled_in.cutoff_at
        ), moved as (
            select late.refund_key, (array_agg(
                t.leader_id order by t.recorded_at desc, t.id desc
            ))[1] is null as to_house
            from late join commission_transfers t on t.commission_line_id = late.commission_line_id
                and t.recorded_at >= late.since and t.recorded_at < late.until
            group by 1
        ), told as (
            select k.commission_line_id, k.kind, k.event_key, s.month
            from settlement_corrections k join settlement_statements s on s.id = k.statement_id
            where k.kind in ('CLAWBACK', 'RETIER')
        )
        select late.refund_key, late.month from late
        left join moved on moved.refund_key = late.refund_key
        left join told on told.commission_line_id = late.commission_line_id
            and told.month = late.month
            and (told.event_key = late.refund_key or late.retier and told.kind = 'RETIER')
        where told.month is null and moved.to_house is not true
            and not {_REJECTED.format("late")}
        """,
    ),
    Invariant(
        "settlement.every_late_transfer_once",
        "an order that goes to another leader after the cutoff takes from the one what it gives to"
        " the other, in the one month whose window it falls in",
        f"""
        with moved as (
            select t.id, t.leader_id as new_id, t.recorded_at as until, c.order_id,
                settled_in.month as settled_month,
                case row_number() over line when 1 then sold.leader_id
                    else lag(t.leader_id) over line end as old_id
            from commission_transfers t
            join commission_lines c on c.id = t.commission_line_id
            join settlement_lines sale on sale.commission_line_id = c.id
            join settlement_statements sold on sold.id = sale.statement_id
            join settlement_periods settled_in on settled_in.month = sold.month
            where t.recorded_at >= settled_in.cutoff_at
            window line as (partition by t.commission_line_id order by t.recorded_at, t.id)
        ), told as (
            select k.event_key, s.month, count(*) as told, sum(k.amount_fen) as sum_fen
            from settlement_corrections k join settlement_statements s on s.id = k.statement_id
            where k.kind = 'TRANSFER'
            group by 1, 2
        )
        select moved.id, p.month, moved.old_id, moved.new_id, told.told, told.sum_fen
        from moved
        join settlement_periods p on moved.until >= p.window_from and moved.until < p.cutoff_at
        left join told on told.month = p.month
            and told.event_key = 'ctr_' || replace(moved.id::text, '-', '')
        where {_SETTLED} and p.month > moved.settled_month
            and moved.old_id is distinct from moved.new_id
            and not {_REJECTED.format("moved")}
            and (coalesce(told.told, 0) <> num_nonnulls(moved.old_id, moved.new_id)
                or told.told = 2 and told.sum_fen <> 0)
        """,
    ),
    Invariant(
        "settlement.clawbacks_within_settled",
        "what is taken back of a line is never more than it was settled with, and all of it at"
        " full refund; whoever has it is left with what it deserves",
        f"""
        with {_LAST}
        select l.commission_line_id, l.amount_fen as settled_fen, last.taken_fen,
            last.changed_fen, last.target_fen, last.remaining
        from last join settlement_lines l on l.commission_line_id = last.commission_line_id
        where l.amount_fen + last.taken_fen < 0
            or l.amount_fen + last.changed_fen not in (0, last.target_fen)
            or last.remaining = 0 and l.base_fen > 0 and l.amount_fen + last.changed_fen <> 0
        """,
    ),
    Invariant(
        "settlement.held_amounts",
        "of an order on hold its leader is not paid what is left of it, and of any other nothing"
        " is held back",
        f"""
        with {_LAST}, closed as (
            select max(cutoff_at) as cutoff_at from settlement_periods p where {_SETTLED}
        ), held as (
            select k.commission_line_id, s.leader_id, -sum(k.amount_fen) as held_fen
            from settlement_corrections k
            join settlement_statements s on s.id = k.statement_id
            join settlement_periods p on p.month = s.month
            where k.kind in ('HOLD', 'RELEASE') and {_SETTLED}
            group by 1, 2 having sum(k.amount_fen) <> 0
        ), due as (
            select l.commission_line_id, coalesce(last.target_fen, l.amount_fen) as due_fen
            from commission_holds h join closed
                on h.placed_at < cutoff_at and coalesce(h.decided_at >= cutoff_at, true)
            join commission_lines c on c.order_id = h.order_id
            join settlement_lines l on l.commission_line_id = c.id
            join settlement_statements s on s.id = l.statement_id
            join settlement_periods p on p.month = s.month
            left join last on last.commission_line_id = l.commission_line_id
            where {_SETTLED} and l.amount_fen + coalesce(last.changed_fen, 0) <> 0
            group by 1, 2
        )
        select coalesce(held.commission_line_id, due.commission_line_id) as commission_line_id,
            held.leader_id, held.held_fen, due.due_fen
        from held full join due on due.commission_line_id = held.commission_line_id
        where held.held_fen is distinct from due.due_fen
        """,
    ),
    Invariant(
        "settlement.rounded_from_the_exact",
        "each amount is its exact fraction, rounded to the nearest fen",
        """
        with told as (
            select statement_id, position, kind, target_after_fen as fen, exact
            from settlement_corrections where kind = 'CLAWBACK'
            union all
            select statement_id, position, kind, amount_fen, exact from settlement_components
            where kind not in ('SPLIT', 'OVERRIDE_CLAWBACK')
        )
        select statement_id, position, kind, fen, exact from told
        where 2 * abs(
            fen * split_part(exact, '/', 2)::numeric - split_part(exact, '/', 1)::numeric
        ) > split_part(exact, '/', 2)::numeric
        """,
    ),
    Invariant(
        "settlement.splits_sum_to_nothing",
        "what a session's guests get is exactly what its host gives",
        """
        select s.month, c.key, sum(c.amount_fen) as sum_fen
        from settlement_components c join settlement_statements s on s.id = c.statement_id
        where c.kind = 'SPLIT'
        group by 1, 2 having sum(c.amount_fen) <> 0
        """,
    ),
    Invariant(
        "settlement.one_level_of_override",
        "a recruiter is paid for direct recruits only, once for each of their months",
        """
        select c.statement_id, c.key, s.leader_id, l.recruiter_id
        from settlement_components c
        join settlement_statements s on s.id = c.statement_id
        join leaders l on l.id = split_part(split_part(c.key, ':', 1), '_', 2)::uuid
        where c.kind in ('OVERRIDE', 'OVERRIDE_CLAWBACK')
            and (l.recruiter_id is distinct from s.leader_id
                or c.kind = 'OVERRIDE' and split_part(c.key, ':', 2) <> s.month)
        """,
    ),
    Invariant(
        "settlement.overrides_within_paid",
        "what is taken back of a recruiter's share is never more than was paid",
        """
        select key, sum(amount_fen) as left_fen from settlement_components
        where kind in ('OVERRIDE', 'OVERRIDE_CLAWBACK')
        group by 1 having sum(amount_fen) < 0
        """,
    ),
)
