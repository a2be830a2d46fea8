"""What payments promise, as queries that find the rows at fault."""

from groupbuy.kernel.books import Invariant

INVARIANTS = (
    Invariant(
        "payments.refunded_is_the_sum",
        "A payment's refunded_fen is the sum of its refunds that have not failed.",
        "select p.id, p.refunded_fen, coalesce(sum(r.amount_fen), 0) as refunds_fen "
        "from payments p left join payment_refunds r "
        "on r.payment_id = p.id and r.state <> 'failed' "
        "group by p.id having p.refunded_fen <> coalesce(sum(r.amount_fen), 0)",
    ),
    Invariant(
        "payments.never_refunds_more_than_paid",
        "The refunds of a payment never sum to more than what came in.",
        "select p.id, p.received_fen, sum(r.amount_fen) as refunds_fen "
        "from payments p join payment_refunds r on r.payment_id = p.id and r.state <> 'failed' "
        "group by p.id having sum(r.amount_fen) > coalesce(p.received_fen, 0)",
    ),
    Invariant(
        "payments.success_is_dated",
        "A payment that succeeded says when.",
        "select id from payments where state = 'succeeded' and succeeded_at is null",
    ),
    Invariant(
        "payments.refunds_have_money",
        "Only a payment that brought money in has refunds.",
        "select r.id, p.state from payment_refunds r join payments p on p.id = r.payment_id "
        "where p.state not in ('succeeded', 'parked')",
    ),
    Invariant(
        "payments.handling_is_dated",
        "An event that was handled says when.",
        "select id from provider_events where state = 'handled' and handled_at is null",
    ),
    Invariant(
        "payments.surplus_goes_back",
        "What came in above the amount of a payment that counts was asked back.",
        "select p.id, p.amount_fen, p.received_fen from payments p "
        "where p.state = 'succeeded' and p.received_fen > p.amount_fen and not exists ("
        "select from payment_refunds r where r.payment_id = p.id "
        "and r.reference like 'surplus:%' and r.amount_fen = p.received_fen - p.amount_fen)",
    ),
    Invariant(
        "payments.decisions_are_rows",
        "A parked payment that brought money and was decided about was given back.",
        "select p.id, p.note from payments p where p.state = 'parked' "
        "and p.resolved_at is not null and p.received_fen is not null and not exists ("
        "select from payment_refunds r where r.payment_id = p.id "
        "and r.amount_fen = p.received_fen)",
    ),
    Invariant(
        "payments.repetitions_follow_failures",
        "A refund is repeated only after it failed, over the same amount of the same payment.",
        "select again.id, again.retry_of from payment_refunds again "
        "join payment_refunds first on first.id = again.retry_of "
        "where first.state <> 'failed' or first.payment_id <> again.payment_id "
        "or first.amount_fen <> again.amount_fen",
    ),
    Invariant(
        "payments.comparisons_are_counted",
        "A comparison with a provider counts at least the differences that were first seen in it.",
        "select c.id, c.differing, count(*) as written from payment_reconciliations c "
        "join payment_differences d on d.reconciliation_id = c.id "
        "group by c.id having count(*) > coalesce(c.differing, 0)",
    ),
)
