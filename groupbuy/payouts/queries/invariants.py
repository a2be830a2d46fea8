"""What the books of payouts promise, each as the rows that would break it."""

from groupbuy.kernel.books import Invariant

_OPEN = "in ('created', 'submitted', 'awaiting_user', 'transferring', 'unknown')"
_COUNTED = "not in ('failed', 'cancelled')"

INVARIANTS = (
    Invariant(
        "payouts.one_attempt_in_flight",
        "at most one attempt of an item is not over",
        f"""
        select item_id, count(*) as in_flight from payout_attempts where state {_OPEN}
        group by item_id having count(*) > 1
        """,
    ),
    Invariant(
        "payouts.within_the_statement",
        "what items have paid or are paying for a statement never exceeds what it pays",
        f"""
        select s.id as statement_id, s.payout_fen, sum(i.gross_fen) as paid_fen
        from payout_items i join settlement_statements s on s.id = i.statement_id
        where i.state {_COUNTED}
        group by s.id having sum(i.gross_fen) > s.payout_fen
        """,
    ),
    Invariant(
        "payouts.items_stand_where_attempts_stand",
        "an item that was tried stands where its latest attempt stands, or waits for the next",
        """
        select i.id as item_id, i.state, a.number, a.state as attempt_state
        from payout_items i
        join lateral (
            select * from payout_attempts a where a.item_id = i.id order by number desc limit 1
        ) a on true
        where i.state <> a.state
            and not (i.state in ('created', 'cancelled', 'failed')
                and a.state in ('failed', 'cancelled'))
        """,
    ),
    Invariant(
        "payouts.paid_only_by_attempts",
        "an item that is said to be paid has exactly one attempt that succeeded, over its amount",
        """
        select i.id as item_id, i.state, i.gross_fen, sum(a.gross_fen) as succeeded_fen
        from payout_items i
        left join payout_attempts a on a.item_id = i.id and a.state = 'succeeded'
        group by i.id
        having (i.state = 'succeeded') <> (count(a.number) = 1)
            or count(a.number) > 1 or sum(a.gross_fen) <> i.gross_fen
        """,
    ),
    Invariant(
        "payouts.clearing_is_in_flight",
        "each channel's clearing account holds the net of its attempts in flight, nothing else",
        f"""
        with flying as (
            select channel, sum(net_fen) as net_fen from payout_attempts where state {_OPEN}
            group by channel
        ), clearing as (
            select a.owner as channel, -sum(e.amount_fen) as balance_fen
            from ledger_accounts a join ledger_entries e on e.account_id = a.id
            where a.kind = 'clearing' group by a.owner
        )
        select channel, net_fen, balance_fen from flying full join clearing using (channel)
        where coalesce(net_fen, 0) <> coalesce(balance_fen, 0)
        """,
    ),
    Invariant(
        "payouts.tax_is_withheld",
        "the tax account holds what was withheld from attempts that succeeded or are in flight",
        f"""
        with withheld as (
            select coalesce(sum(tax_fen), 0) as tax_fen from payout_attempts
            where state {_COUNTED}
        ), evidence as (
            select coalesce(sum(tax_fen), 0) as evidence_fen from payout_taxes
        ), booked as (
            select coalesce(-sum(e.amount_fen), 0) as balance_fen
            from ledger_accounts a join ledger_entries e on e.account_id = a.id
            where a.kind = 'tax'
        )
        select tax_fen, evidence_fen, balance_fen from withheld, evidence, booked
        where tax_fen <> balance_fen or tax_fen <> evidence_fen
        """,
    ),
    Invariant(
        "payouts.evidence_of_tax",
        "each attempt has one row of evidence over its amounts, and a reversal if it failed",
        """
        select a.number, a.state, count(t.id) as rows
        from payout_attempts a left join payout_taxes t on t.number = a.number
        group by a.number
        having count(t.id) <> case when a.state in ('failed', 'cancelled') then 2 else 1 end
            or sum(t.income_fen) <>
                case when a.state in ('failed', 'cancelled') then 0 else a.gross_fen end
            or sum(t.tax_fen) <>
                case when a.state in ('failed', 'cancelled') then 0 else a.tax_fen end
        """,
    ),
    Invariant(
        "payouts.posted_exactly",
        "each attempt is in the ledger as it stands: created, and paid or taken back",
        f"""
        with posted as (
            select t.reference as number,
                sum(e.amount_fen) filter (where a.kind = 'leader') as gross_fen,
                -sum(e.amount_fen) filter (where a.kind = 'clearing') as net_fen,
                bool_or(r.id is not null) as reversed
            from ledger_transactions t
            join ledger_entries e on e.transaction_id = t.id
            join ledger_accounts a on a.id = e.account_id
            left join ledger_transactions r on r.reverses_id = t.id
            where t.kind = 'payout' group by t.id
        ), arrived as (
            select t.reference as number, -sum(e.amount_fen) as paid_fen
            from ledger_transactions t
            join ledger_entries e on e.transaction_id = t.id
            join ledger_accounts a on a.id = e.account_id and a.kind = 'bank'
            where t.kind = 'payout_paid' group by t.id
        )
        select coalesce(a.number, p.number, b.number) as number, a.state, p.gross_fen, p.net_fen,
            p.reversed, b.paid_fen
        from payout_attempts a
        full join posted p on p.number = a.number
        full join arrived b on b.number = a.number
        where a.number is null
            or p.gross_fen is distinct from a.gross_fen or p.net_fen is distinct from a.net_fen
            or p.reversed is distinct from not (a.state {_COUNTED})
            or b.paid_fen is distinct from case when a.state = 'succeeded' then a.net_fen end
        """,
    ),
    Invariant(
        "payouts.two_people",
        "who approved a batch or a tax regime did not prepare it",
        """
        select id, approved_by from payout_batches where approved_by = created_by
        union all
        select id, decided_by from payout_tax_regimes
        where state = 'approved' and decided_by = created_by
        """,
    ),
)
