"""What the tables of campaigns promise."""

from groupbuy.kernel.books import Invariant

INVARIANTS = (
    Invariant(
        "offered_items_have_stock_pools",
        "Every item of a campaign that is scheduled or open has its own stock pool.",
        "select i.id, i.campaign_id from campaign_items i "
        "join campaigns c on c.id = i.campaign_id "
        "where c.state in ('scheduled', 'open') and i.pool_id is null",
    ),
    Invariant(
        "group_buys_follow_their_campaign",
        "A group buy is open exactly when its campaign is, or was decided before its extension, "
        "and ends with it.",
        "select g.id, g.state, c.state as campaign_state from group_buys g "
        "join campaigns c on c.id = g.campaign_id where case "
        "when c.state in ('draft', 'scheduled') then g.state <> 'scheduled' "
        "when c.state = 'open' and g.state = 'succeeded' then c.extended_until is null "
        "when c.state in ('open', 'cancelled') then g.state <> c.state "
        "else g.state not in ('closed', 'succeeded', 'failed', 'fulfilled') end",
    ),
    Invariant(
        "group_buys_are_hosted_at_home",
        "A group buy is hosted in a community and at a pickup point of its own leader.",
        "select g.id, g.leader_id from group_buys g "
        "join communities m on m.id = g.community_id "
        "join pickup_points p on p.id = g.pickup_point_id "
        "where m.leader_id <> g.leader_id or p.leader_id <> g.leader_id",
    ),
    Invariant(
        "campaigns.extended_together",
        "What is extended is extended as long as its campaign says, beyond closing.",
        "select g.id, g.extended_until, c.extended_until as campaign_until from group_buys g "
        "join campaigns c on c.id = g.campaign_id "
        "where g.extended_until <> c.extended_until "
        "or (g.extended_until is not null and c.extended_until is null)",
    ),
    Invariant(
        "campaigns.ladders_end_in_a_price",
        "Each item with a price ladder has its final price in group buys that succeeded, and in "
        "no others; it is the step that the units sold reach.",
        "select g.id, i.id as item_id, p.units, p.final_price_fen from group_buys g "
        "join campaign_items i on i.campaign_id = g.campaign_id "
        "and jsonb_array_length(i.ladder) > 0 "
        "left join group_buy_items p on p.group_buy_id = g.id and p.campaign_item_id = i.id "
        "where p.final_price_fen is distinct from case when g.state in ('succeeded', 'fulfilled') "
        "then (select min((s->>'price_fen')::bigint) from jsonb_array_elements(i.ladder) s "
        "where (s->>'from_units')::bigint <= greatest(p.units, 1)) end",
    ),
)
