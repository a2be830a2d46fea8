"""A month to settle: completed lines of many leaders, written by PostgreSQL itself.

One order has four lines; one leader has five thousand lines, the others share the rest, a fifth of
them half of it. Two refunds in a hundred lines, some of them after the cutoff of the month.
"""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import text

from groupbuy.commissions import services as commissions
from groupbuy.kernel.access import Actor
from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import session, transaction

MONTH = "2026-01"
BUSY_LINES = 5_000
AUTHOR = Actor(kind="staff", id="stf_" + "a" * 32, role="finance")
PUBLISHER = Actor(kind="staff", id="stf_" + "b" * 32, role="approver")

PEOPLE = """
insert into shoppers (id, openid, name, registered_at, last_login_at)
select gen_random_uuid(), 'bench-' || n, 'Leader ' || n, :since, :since
from generate_series(1, :leaders) n;
insert into leaders (id, shopper_id, name, level, region, state, since, version)
select gen_random_uuid(), id, name, 1 + (hashtext(openid) & 1), 'Hangzhou', 'active', :since, 1
from shoppers;
insert into leader_standings (id, leader_id, level, region, from_at, decided_by, reason)
select gen_random_uuid(), id, level, region, since, 'bench', 'accepted' from leaders;
insert into pickup_points (id, leader_id, name, address, opening_hours, state, version)
select gen_random_uuid(), id, name, 'Road 1', '9-18', 'open', 1 from leaders;
insert into categories (id, name, position, version) values (gen_random_uuid(), 'Fruit', 0, 1);
insert into products (id, category_id, title, description, storage, state, version)
select gen_random_uuid(), id, 'Pears', '', 'ambient', 'on_sale', 1 from categories;
insert into skus (id, product_id, name, options, price_fen, active, in_stock, version)
select gen_random_uuid(), id, 'SKU ' || n, '{}', 1000, true, false, 1
from products, generate_series(1, 4) n;
"""

SALES = """
create temp table sellers as
select row_number() over (order by md5(l.id::text)) as n, l.id as leader_id, l.level,
    p.id as point_id, l.shopper_id
from leaders l join pickup_points p on p.leader_id = l.id;
create unique index on sellers (n);
create temp table bench_orders as
select o.n, gen_random_uuid() as id, gen_random_uuid() as payment_id, s.leader_id, s.level,
    s.point_id, s.shopper_id,
    cast(:starts_at as timestamptz) + o.n * (cast(:span as interval) / :orders) as completed_at
from (
    select n, case
        when n <= :busy_orders then 1
        when n % 2 = 0 then 2 + (n::bigint * 7919) % greatest(1, :leaders / 5)
        else 2 + (n::bigint * 104729) % (:leaders - 1)
    end as seller
    from generate_series(1, :orders) n
) o join sellers s on s.n = o.seller;
create temp table bench_lines as
select gen_random_uuid() as id, gen_random_uuid() as commission_line_id, o.id as order_id,
    k.position, k.sku_id, k.product_id, 500 + (o.n * 31 + k.position * 977) % 9000 as amount_fen,
    1 + (o.n + k.position) % 3 as quantity, o.n * 4 + k.position as number
from bench_orders o cross join (
    select row_number() over (order by name) as position, id as sku_id, product_id from skus
) k;
create index on bench_lines (order_id);
insert into payments (id, reference, provider, amount_fen, currency, state, provider_ref,
    client_parameters, refunded_fen, note, created_at, succeeded_at)
select o.payment_id, 'ord_' || replace(o.id::text, '-', ''), 'demo', sum(l.amount_fen), 'cny',
    'succeeded', 'bench-' || o.n, '{}', 0, '', o.completed_at - interval '2 days',
    o.completed_at - interval '2 days'
from bench_orders o join bench_lines l on l.order_id = o.id group by o.id, o.payment_id, o.n,
    o.completed_at;
insert into orders (id, shopper_id, pickup_point_id, leader_id, payment_id, state, refund_status,
    total_fen, refunded_fen, placed_at, expires_at, paid_at, completed_at)
select o.id, o.shopper_id, o.point_id, o.leader_id, o.payment_id, 'completed', 'none',
    sum(l.amount_fen), 0, o.completed_at - interval '2 days', o.completed_at,
    o.completed_at - interval '2 days', o.completed_at
from bench_orders o join bench_lines l on l.order_id = o.id
group by o.id, o.shopper_id, o.point_id, o.leader_id, o.payment_id, o.completed_at;
insert into order_lines (id, order_id, position, sku_id, product_id, title, quantity,
    unit_price_fen, amount_fen, earns_commission, returned_quantity, refund_requested_fen,
    refunded_fen)
select id, order_id, position, sku_id, product_id, 'Pears', quantity, amount_fen, amount_fen, true,
    0, 0, 0 from bench_lines;
insert into order_transitions (id, order_id, to_state, action, actor, reason, at)
select gen_random_uuid(), id, 'completed', 'complete', 'system', '', completed_at
from bench_orders;
insert into attribution_decisions (id, order_id, revision, shopper_id, leader_id, rule,
    policy_version, candidates, self_purchase, commissionable, decided_at, decided_by, reason)
select gen_random_uuid(), id, 1, shopper_id, leader_id, 'hosted', 0, '[]', false, true,
    completed_at - interval '2 days', 'bench', 'placed'
from bench_orders;
"""

LINES = """
insert into commission_lines (id, order_id, order_line_id, leader_id, leader_level, sku_id,
    product_id, category_ids, item_earns, paid_at, completed_at, base_fen, quantity,
    plan_version_id, kind, counts, multiplier_bps)
select l.commission_line_id, l.order_id, l.id, o.leader_id, o.level, l.sku_id, l.product_id,
    '[]', true, o.completed_at - interval '2 days', o.completed_at, l.amount_fen, l.quantity,
    (select v.id from commission_plan_versions v
     where v.effective_from <= o.completed_at - interval '2 days'
     order by v.effective_from desc limit 1),
    'tiers', true, case o.level when 2 then 12000 else 10000 end
from bench_lines l join bench_orders o on o.id = l.order_id
order by o.completed_at;
"""

REFUNDS = """
create temp table bench_refunds as
select gen_random_uuid() as id, l.id as order_line_id, l.commission_line_id, l.order_id,
    o.payment_id, l.amount_fen / 2 as amount_fen,
    o.completed_at + (1 + l.number % 9) * interval '1 day' as at
from bench_lines l join bench_orders o on o.id = l.order_id where l.number % 50 = 0;
insert into order_refunds (id, order_id, payment_id, amount_fen, state, reason, requested_by,
    requested_at, settled_at)
select id, order_id, payment_id, amount_fen, 'succeeded', 'bench', 'bench', at, at
from bench_refunds;
insert into order_refund_lines (refund_id, order_line_id, quantity, amount_fen)
select id, order_line_id, 0, amount_fen from bench_refunds;
insert into payment_refunds (id, payment_id, amount_fen, state, reason, reference, note, attempts,
    requested_at, settled_at, due_at)
select gen_random_uuid(), payment_id, amount_fen, 'succeeded', 'bench', id::text, '', 1, at, at, at
from bench_refunds;
insert into commission_refunds (refund_key, commission_line_id, amount_fen, quantity, recorded_at)
select id::text, commission_line_id, amount_fen, 0, at from bench_refunds;
update order_lines l set refunded_fen = r.amount_fen, refund_requested_fen = r.amount_fen
from bench_refunds r where r.order_line_id = l.id;
update orders o set refunded_fen = r.fen, refund_status = 'partial'
from (select order_id, sum(amount_fen) as fen from bench_refunds group by 1) r
where r.order_id = o.id;
update payments p set refunded_fen = r.fen
from (select payment_id, sum(amount_fen) as fen from bench_refunds group by 1) r
where r.payment_id = p.id;
"""

VERSIONS: tuple[tuple[int, list[list[int]]], ...] = (
    (-20, [[0, 500], [1_000_000, 700], [5_000_000, 900]]),
    (8, [[0, 600], [1_000_000, 800], [5_000_000, 1_000]]),
    (18, [[0, 550], [500_000, 700], [2_000_000, 850], [8_000_000, 1_000]]),
)
"""When each plan version begins, in days from the month's start, and its tiers."""


def build(*, lines: int, leaders: int, calendar: Calendar, show: Callable[[str], None]) -> None:
    """Write a month of sales; `show` is told what is being written."""
    starts_at = calendar.month_start(MONTH)
    orders = lines // 4
    values = {
        "leaders": leaders,
        "orders": orders,
        "busy_orders": min(BUSY_LINES // 4, orders // 2),
        "since": starts_at - timedelta(days=100),
        "starts_at": starts_at,
        "span": calendar.month_end(MONTH) - starts_at - timedelta(minutes=1),
    }
    # Everything is consistent by construction, so it may be written without row triggers.
    session().execute(text("set session_replication_role = replica"))
    show("plan versions")
    _publish(calendar)
    for what, script in (
        ("people and goods", PEOPLE),
        ("orders", SALES),
        ("commission lines", LINES),
        ("refunds", REFUNDS),
    ):
        show(what)
        for statement in filter(None, (part.strip() for part in script.split(";"))):
            session().execute(text(statement), values)
    session().execute(text("set session_replication_role = origin"))


def _publish(calendar: Calendar) -> None:
    starts_at = calendar.month_start(MONTH)
    with transaction():
        written = starts_at - timedelta(days=30)
        plan = commissions.create_plan(code="standard", name="Standard", actor=AUTHOR, now=written)
        for days, tiers in VERSIONS:
            begins = starts_at + timedelta(days=days)
            draft = commissions.create_version(
                plan_id=plan.id,
                effective_from=begins,
                mode="marginal",
                tiers=tiers,
                level_multipliers={"2": 12_000},
                actor=AUTHOR,
                now=written,
            )
            commissions.publish_version(
                plan_id=plan.id,
                number=draft.number,
                if_match=draft.version,
                max_total_bps=3_000,
                actor=PUBLISHER,
                now=written,
            )
