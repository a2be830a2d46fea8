"""What the books of settlement promise, each as the rows that would break it."""

from groupbuy.commissions.rules.calculation import PARTS
from groupbuy.kernel.books import Invariant
from groupbuy.settlement.queries.later_invariants import LATER_INVARIANTS
from groupbuy.settlement.rules.statements import COLUMN_OF

_SETTLED = "p.state in ('approved', 'locked')"


def _id(prefix: str, column: str) -> str:
    """Return SQL for a public id."""
    return f"'{prefix}_' || replace({column}::text, '-', '')"


def _sums(rows: str) -> str:
    """Return SQL that sums each part of a statement into its column."""
    columns: dict[str, list[str]] = {}
    for kind, column in COLUMN_OF.items():
        columns.setdefault(column, []).append(f"'{kind}'")
    return ", ".join(
        f"coalesce(sum({rows}.amount_fen) filter (where {rows}.kind in ({', '.join(kinds)})), 0)"
        f" as {column}"
        for column, kinds in columns.items()
    )


def _differences() -> str:
    """Return SQL that tells whether any part of a statement is not the sum of its rows."""
    return " or ".join(
        f"s.{column} <> coalesce(parts.{column}, 0)" for column in dict.fromkeys(COLUMN_OF.values())
    )


_HOLDER = "case when t.id is null then c.leader_id else t.leader_id end"

INVARIANTS = (
    Invariant(
        "settlement.every_sale_once",
        "a settled month's statements hold each line completed in it, for its leader, and no other",
        f"""
        with moved as (
            select distinct on (t.commission_line_id, p.month) t.commission_line_id, p.month,
                t.id, t.leader_id
            from settlement_periods p join commission_transfers t on t.recorded_at < p.cutoff_at
            where {_SETTLED}
            order by t.commission_line_id, p.month, t.revision desc
        ), due as (
            select c.id, p.month, t.id as transfer_id, {_HOLDER} as leader_id
            from settlement_periods p
            join commission_lines c on c.completed_at >= p.starts_at and c.completed_at < p.ends_at
            left join moved t on t.commission_line_id = c.id and t.month = p.month
            where {_SETTLED}
        ), told as (
            select l.commission_line_id, l.transfer_id, s.month, s.leader_id
            from settlement_lines l join settlement_statements s on s.id = l.statement_id
            join settlement_periods p on p.month = s.month
            where {_SETTLED}
        )
        select d.id as commission_line_id, d.month, d.leader_id, t.month as statement_month,
            t.commission_line_id as told_line_id
        from (select * from due where leader_id is not null) d
        full join told t on t.commission_line_id = d.id
        where d.id is null or t.commission_line_id is null or t.month <> d.month
            or t.leader_id <> d.leader_id or t.transfer_id is distinct from d.transfer_id
        """,
    ),
    Invariant(
        "settlement.refunds_netted",
        "a settled sale is what was paid less exactly the refunds recorded before its cutoff",
        f"""
        with back as (
            select r.commission_line_id, sum(r.amount_fen) as fen, sum(r.quantity) as units
            from commission_refunds r
            join commission_lines c on c.id = r.commission_line_id
            join settlement_periods p on c.completed_at >= p.starts_at
                and c.completed_at < p.ends_at
            where r.recorded_at < p.cutoff_at and {_SETTLED}
            group by r.commission_line_id
        )
        select l.statement_id, l.position, c.base_fen - l.base_fen as netted_fen, b.fen
        from settlement_lines l
        join commission_lines c on c.id = l.commission_line_id
        left join back b on b.commission_line_id = l.commission_line_id
        join settlement_statements s on s.id = l.statement_id
        join settlement_periods p on p.month = s.month
        where {_SETTLED} and (c.base_fen - l.base_fen <> coalesce(b.fen, 0)
            or c.quantity - l.quantity <> coalesce(b.units, 0))
        """,
    ),
    Invariant(
        "settlement.windows_join",
        "the windows of later events leave no gap and do not overlap",
        """
        select b.month, a.month as month_before, a.cutoff_at, b.window_from
        from settlement_periods a
        join settlement_periods b on b.month = (
            select min(c.month) from settlement_periods c where c.month > a.month
        )
        where b.window_from <> a.cutoff_at
        """,
    ),
    Invariant(
        "settlement.lines_make_the_statement",
        "the lines, corrections and components of a statement sum to its figures, part by part,"
        " and the exact shares of its lines to its sales before the cap",
        f"""
        with sold as (
            select statement_id, sum(amount_fen) as fen,
                div(sum(parts) + {PARTS // 2}, {PARTS}) as uncapped_fen
            from settlement_lines group by 1
        ), parts as (
            select statement_id, {_sums("p")} from (
                select statement_id, kind, amount_fen from settlement_corrections
                union all select statement_id, kind, amount_fen from settlement_components
            ) p group by 1
        )
        select s.id as statement_id, s.sales_fen, sold.fen, s.uncapped_fen,
            sold.uncapped_fen as shares_fen
        from settlement_statements s
        left join parts on parts.statement_id = s.id
        left join sold on sold.statement_id = s.id
        where s.sales_fen <> coalesce(sold.fen, 0)
            or s.uncapped_fen <> coalesce(sold.uncapped_fen, 0)
            or {_differences()}
        """,
    ),
    Invariant(
        "settlement.lines_of_a_statement",
        "no line is without its statement, but those of a month that is being calculated",
        """
        select l.statement_id, l.position
        from settlement_lines l
        left join settlement_statements s on s.id = l.statement_id
        where s.id is null and not exists (
            select from commission_lines c
            join settlement_periods p on c.completed_at >= p.starts_at
                and c.completed_at < p.ends_at
            where c.id = l.commission_line_id and p.state = 'closing'
        )
        """,
    ),
    Invariant(
        "settlement.volume_adds_up",
        "each line begins where the one before it took the month's volume, the first at nothing",
        """
        select l.statement_id, l.position, l.volume_from_fen, l.base_fen, l.next_fen
        from (
            select l.statement_id, l.position, l.volume_from_fen, l.base_fen,
                lead(l.volume_from_fen, 1, s.volume_fen)
                    over (partition by l.statement_id order by l.position) as next_fen
            from settlement_lines l join settlement_statements s on s.id = l.statement_id
        ) l
        where l.next_fen - l.volume_from_fen not in (0, l.base_fen)
            or l.position = 0 and l.volume_from_fen <> 0
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
        "each settled statement is in the ledger with what it added and held, and nothing else is",
        f"""
        with settled as (
            select {_id("sts", "s.id")} as statement_id, {_id("ldr", "s.leader_id")} as leader_id,
                s.payable_fen - s.carry_in_fen as earned_fen, s.hold_fen + s.release_fen as held_fen
            from settlement_statements s join settlement_periods p on p.month = s.month
            where {_SETTLED}
        ), posted as (
            select t.reference as statement_id, a.owner as leader_id,
                coalesce(-sum(e.amount_fen) filter (where a.kind = 'leader'), 0) as earned_fen,
                coalesce(sum(e.amount_fen) filter (where a.kind = 'held'), 0) as held_fen
            from ledger_transactions t
            join ledger_entries e on e.transaction_id = t.id
            join ledger_accounts a on a.id = e.account_id and a.kind in ('leader', 'held')
            where t.kind = 'commission'
            group by 1, 2
        )
        select statement_id, leader_id, s.earned_fen, p.earned_fen as posted_fen,
            s.held_fen, p.held_fen as posted_held_fen
        from settled s full join posted p using (statement_id, leader_id)
        where coalesce(s.earned_fen, 0) <> coalesce(p.earned_fen, 0)
            or coalesce(s.held_fen, 0) <> coalesce(p.held_fen, 0)
        """,
    ),
    Invariant(
        "settlement.leader_balance",
        "the ledger owes each leader what the last settled statement carries, and what is unpaid,"
        " held back by a dispute or not",
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
                or a.kind = 'held' and coalesce(r.kind, t.kind) = 'dispute_hold'
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
    *LATER_INVARIANTS,
)
