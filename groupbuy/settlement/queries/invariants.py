"""What the books of settlement promise, each as the rows that would break it."""

from groupbuy.kernel.books import Invariant

_SETTLED = "p.state in ('approved', 'locked')"


def _id(prefix: str, column: str) -> str:
    """Return SQL for a public id."""
    return f"'{prefix}_' || replace({column}::text, '-', '')"


INVARIANTS = (
    Invariant(
        "settlement.every_sale_once",
        "each line completed in a settled month is in that month's statement of its leader, once",
        f"""
        select c.id as commission_line_id, p.month, c.leader_id, s.month as statement_month
        from settlement_periods p
        join commission_lines c on c.completed_at >= p.starts_at and c.completed_at < p.ends_at
        left join settlement_lines l on l.commission_line_id = c.id and l.kind = 'SALES'
        left join settlement_statements s on s.id = l.statement_id
        where {_SETTLED} and (s.month is distinct from p.month or s.leader_id <> c.leader_id)
        """,
    ),
    Invariant(
        "settlement.only_completed_sales",
        "a settled statement has no sale that was not completed in its month",
        f"""
        select l.statement_id, l.position, c.completed_at
        from settlement_periods p
        join settlement_statements s on s.month = p.month
        join settlement_lines l on l.statement_id = s.id and l.kind = 'SALES'
        join commission_lines c on c.id = l.commission_line_id
        where {_SETTLED}
            and (c.completed_at >= p.starts_at and c.completed_at < p.ends_at) is not true
        """,
    ),
    Invariant(
        "settlement.refunds_netted",
        "a settled sale is net of exactly the refunds recorded before its cutoff",
        f"""
        select l.statement_id, l.position, l.refunded_fen, sum(r.amount_fen) as recorded_fen
        from settlement_periods p
        join settlement_statements s on s.month = p.month
        join settlement_lines l on l.statement_id = s.id and l.kind = 'SALES'
        left join commission_refunds r
            on r.commission_line_id = l.commission_line_id and r.recorded_at < p.cutoff_at
        where {_SETTLED}
        group by l.statement_id, l.position
        having l.refunded_fen <> coalesce(sum(r.amount_fen), 0)
            or l.returned_quantity <> coalesce(sum(r.quantity), 0)
        """,
    ),
    Invariant(
        "settlement.every_late_refund_once",
        "a refund after its line's cutoff is a clawback in the one month whose window it falls in",
        f"""
        select r.refund_key, p.month, s.month as statement_month
        from settlement_periods p
        join commission_refunds r
            on r.recorded_at >= p.window_from and r.recorded_at < p.cutoff_at
        join settlement_lines sale
            on sale.commission_line_id = r.commission_line_id and sale.kind = 'SALES'
        join settlement_statements sold on sold.id = sale.statement_id
        join settlement_periods settled_in on settled_in.month = sold.month
        left join settlement_lines l on l.refund_key = r.refund_key
        left join settlement_statements s on s.id = l.statement_id
        where {_SETTLED} and r.recorded_at >= settled_in.cutoff_at
            and (s.month is distinct from p.month or s.leader_id <> sold.leader_id)
        """,
    ),
    Invariant(
        "settlement.windows_join",
        "the windows of refunds leave no gap with a refund in it and do not overlap",
        """
        select b.month, a.month as month_before, a.cutoff_at, b.window_from
        from settlement_periods a
        join settlement_periods b on b.month = (
            select min(c.month) from settlement_periods c where c.month > a.month
        )
        where b.window_from < a.cutoff_at or exists (
            select from commission_refunds r
            join commission_lines l on l.id = r.commission_line_id
            where r.recorded_at >= a.cutoff_at and r.recorded_at < b.window_from
                and l.completed_at < a.ends_at
        )
        """,
    ),
    Invariant(
        "settlement.clawbacks_within_settled",
        "clawbacks of a line never exceed what it was settled with, and reach it at full refund",
        """
        select sale.commission_line_id, sale.amount_fen as settled_fen,
            sum(back.amount_fen) as clawback_fen, min(back.remaining_after) as remaining
        from settlement_lines sale
        join settlement_lines back
            on back.commission_line_id = sale.commission_line_id and back.kind = 'CLAWBACK'
        where sale.kind = 'SALES'
        group by sale.commission_line_id, sale.amount_fen
        having sale.amount_fen + sum(back.amount_fen) < 0
            or min(back.remaining_after) = 0 and sale.amount_fen + sum(back.amount_fen) <> 0
            or sum(back.refunded_fen) = max(back.base_fen)
                and sale.amount_fen + sum(back.amount_fen) <> 0
        """,
    ),
    Invariant(
        "settlement.lines_make_the_statement",
        "the lines of a statement sum to its sales and its clawbacks, their bases to its volume",
        """
        select s.id as statement_id, s.sales_fen, s.clawback_fen, s.volume_fen
        from settlement_statements s left join settlement_lines l on l.statement_id = s.id
        group by s.id
        having s.sales_fen <> coalesce(sum(l.amount_fen) filter (where l.kind = 'SALES'), 0)
            or s.clawback_fen <> coalesce(sum(l.amount_fen) filter (where l.kind = 'CLAWBACK'), 0)
            or s.volume_fen <> coalesce(max(l.volume_to_fen), 0)
        """,
    ),
    Invariant(
        "settlement.paid_from_the_minimum_on",
        "what reaches the minimum payout is paid, anything else carried",
        """
        select s.id as statement_id, s.payable_fen, s.payout_fen, p.min_payout_fen
        from settlement_statements s join settlement_periods p on p.month = s.month
        where s.payout_fen <> case
            when s.payable_fen > 0 and s.payable_fen >= p.min_payout_fen then s.payable_fen
            else 0 end
        """,
    ),
    Invariant(
        "settlement.carry_passes_on",
        "each leader carries in exactly what the settled month before carried out",
        f"""
        select p.month, coalesce(s.leader_id, b.leader_id) as leader_id,
            b.carry_out_fen, s.carry_in_fen
        from settlement_periods p
        cross join lateral (
            select max(q.month) as month from settlement_periods q where q.month < p.month
        ) before
        join lateral (
            select leader_id from settlement_statements where month in (p.month, before.month)
            group by leader_id
        ) leader on true
        left join settlement_statements s
            on s.month = p.month and s.leader_id = leader.leader_id
        left join settlement_statements b
            on b.month = before.month and b.leader_id = leader.leader_id
        where {_SETTLED} and coalesce(s.carry_in_fen, 0) <> coalesce(b.carry_out_fen, 0)
        """,
    ),
    Invariant(
        "settlement.posted_as_approved",
        "each settled statement is in the ledger with what it added, and nothing else is",
        f"""
        with settled as (
            select {_id("sts", "s.id")} as statement_id, {_id("ldr", "s.leader_id")} as leader_id,
                s.payable_fen - s.carry_in_fen as earned_fen
            from settlement_statements s join settlement_periods p on p.month = s.month
            where {_SETTLED}
        ), posted as (
            select t.reference as statement_id, a.owner as leader_id,
                -e.amount_fen as posted_fen
            from ledger_transactions t
            join ledger_entries e on e.transaction_id = t.id
            join ledger_accounts a on a.id = e.account_id and a.kind = 'leader'
            where t.kind = 'commission'
        )
        select statement_id, leader_id, earned_fen, posted_fen
        from settled full join posted using (statement_id, leader_id)
        where coalesce(earned_fen, 0) <> coalesce(posted_fen, 0)
        """,
    ),
    Invariant(
        "settlement.leader_balance",
        "the ledger owes each leader what the last settled statement carries, and what is unpaid:"
        " what statements pay less what payouts, in flight or arrived, have taken off",
        f"""
        with owed as (
            select {_id("ldr", "s.leader_id")} as leader_id,
                sum(s.payout_fen)
                    + (array_agg(s.carry_out_fen order by s.month desc))[1] as owed_fen
            from settlement_statements s join settlement_periods p on p.month = s.month
            where {_SETTLED}
            group by s.leader_id
        ), held as (
            select a.owner as leader_id, -sum(e.amount_fen) as balance_fen,
                coalesce(
                    sum(e.amount_fen) filter (where coalesce(r.kind, t.kind) = 'payout'), 0
                ) as paid_fen
            from ledger_accounts a join ledger_entries e on e.account_id = a.id
            join ledger_transactions t on t.id = e.transaction_id
            left join ledger_transactions r on r.id = t.reverses_id
            where a.kind = 'leader'
            group by a.owner
        )
        select leader_id, owed_fen, paid_fen, balance_fen
        from owed full join held using (leader_id)
        where coalesce(owed_fen, 0) - coalesce(paid_fen, 0) <> coalesce(balance_fen, 0)
        """,
    ),
    Invariant(
        "settlement.two_people",
        "who approved a period neither calculated nor submitted it, by its history too",
        f"""
        select p.month, p.approved_by
        from settlement_periods p
        where {_SETTLED} and (
            p.approved_by in (p.calculated_by, p.submitted_by) or p.approved_by is distinct from (
                select t.actor from settlement_transitions t
                where t.month = p.month and t.action = 'approve'
            )
        )
        """,
    ),
)
