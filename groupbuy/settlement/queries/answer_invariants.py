"""What the books promise about adjustments, answers and disputes."""

from groupbuy.kernel.books import Invariant

_SETTLED = "p.state in ('approved', 'locked')"
_ADJUSTMENT_KEY = "'adj_' || replace(a.id::text, '-', '')"

ANSWER_INVARIANTS = (
    Invariant(
        "settlement.every_adjustment_once",
        "an approved adjustment is in the one settled month in whose window it was decided",
        f"""
        with booked as (
            select c.key, c.amount_fen, c.kind, s.month, s.leader_id
            from settlement_components c
            join settlement_statements s on s.id = c.statement_id
            join settlement_periods p on p.month = s.month
            where {_SETTLED} and c.kind in ('ADJUSTMENT', 'WRITE_OFF')
        ), due as (
            select {_ADJUSTMENT_KEY} as key, a.leader_id, a.amount_fen, (
                select min(p.month) from settlement_periods p
                where {_SETTLED} and p.cutoff_at > a.decided_at
            ) as month,
            case a.reason_code when 'write_off' then 'WRITE_OFF' else 'ADJUSTMENT' end as kind
            from settlement_adjustments a where a.state = 'approved'
        )
        select key, d.month, b.month as booked_in, d.amount_fen, b.amount_fen as booked_fen
        from (select * from due where month is not null) d full join booked b using (key)
        where (d.month, d.leader_id, d.amount_fen, d.kind)
            is distinct from (b.month, b.leader_id, b.amount_fen, b.kind)
        """,
    ),
    Invariant(
        "settlement.adjusted_by_two",
        "who decided on an adjustment neither proposed nor changed it, by the audit log too",
        """
        select a.id as adjustment_id, a.decided_by
        from settlement_adjustments a
        where a.decided_by in (a.proposed_by, a.edited_by) or a.decided_by in (
            select e.actor_id from audit_entries e
            where e.subject = 'adj_' || replace(a.id::text, '-', '')
                and e.action in ('adjustment.propose', 'adjustment.reverse', 'adjustment.edit',
                    'adjustment.attach')
        )
        """,
    ),
    Invariant(
        "settlement.reversals_are_opposite",
        "an adjustment that undoes another one is its opposite, for the same leader",
        """
        select a.id as adjustment_id, a.reverses_id
        from settlement_adjustments a
        join settlement_adjustments o on o.id = a.reverses_id
        where (a.leader_id, a.amount_fen, a.reason_code)
                <> (o.leader_id, -o.amount_fen, o.reason_code)
            or o.state <> 'approved'
        """,
    ),
    Invariant(
        "settlement.statements_stand",
        "the statements of a settled month were given to their leaders, and only they",
        f"""
        select s.id as statement_id, p.month, p.state, n.state as standing
        from settlement_statements s
        join settlement_periods p on p.month = s.month
        left join settlement_standings n on n.statement_id = s.id
        where ({_SETTLED}) <> (n.statement_id is not null)
            or (p.state = 'locked') <> (n.state is not distinct from 'final')
        """,
    ),
    Invariant(
        "settlement.standings_have_their_moves",
        "each statement stands where the last of its moves led, and each began where one ended",
        """
        with moves as (
            select statement_id, from_state, to_state,
                lag(to_state, 1, 'draft') over each as before,
                lead(to_state) over each is null as is_last
            from settlement_standing_moves
            window each as (partition by statement_id order by id)
        )
        select statement_id, m.from_state, m.to_state, m.before, n.state
        from settlement_standings n
        full join (select * from moves where is_last or from_state <> before) m
            using (statement_id)
        where m.statement_id is null or n.statement_id is null or m.from_state <> m.before
            or m.is_last and m.to_state <> n.state
        """,
    ),
    Invariant(
        "settlement.disputed_where_disputed",
        "a statement is disputed exactly while a dispute about one of its amounts is open",
        """
        select n.statement_id, n.state from settlement_standings n
        where (n.state = 'disputed') <> exists (
            select from settlement_disputes d
            where d.statement_id = n.statement_id and d.state in ('open', 'under_review')
        )
        """,
    ),
    Invariant(
        "settlement.disputes_hold_and_let_go",
        "the ledger holds of each leader exactly what open disputes hold back, dispute by dispute",
        """
        with posted as (
            select coalesce(r.reference, t.reference) as dispute_id, a.owner as leader_id,
                -sum(e.amount_fen) as held_fen
            from ledger_transactions t
            left join ledger_transactions r on r.id = t.reverses_id
            join ledger_entries e on e.transaction_id = t.id
            join ledger_accounts a on a.id = e.account_id
            where coalesce(r.kind, t.kind) = 'dispute_hold' and a.kind = 'held'
            group by 1, 2
        ), due as (
            select 'dsp_' || replace(id::text, '-', '') as dispute_id,
                'ldr_' || replace(claimant_id::text, '-', '') as leader_id,
                case when state in ('open', 'under_review') then held_fen else 0 end as held_fen
            from settlement_disputes where held_fen > 0
        )
        select dispute_id, leader_id, d.held_fen, p.held_fen as posted_fen
        from due d full join posted p using (dispute_id, leader_id)
        where d.held_fen is distinct from p.held_fen
        """,
    ),
    Invariant(
        "settlement.held_within_payout",
        "open disputes never hold more of a statement than it pays",
        """
        select s.id as statement_id, s.payout_fen, sum(d.held_fen) as held_fen
        from settlement_disputes d join settlement_statements s on s.id = d.statement_id
        where d.state in ('open', 'under_review')
        group by s.id having sum(d.held_fen) > s.payout_fen
        """,
    ),
)
