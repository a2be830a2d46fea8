"""Facts that campaigns announces."""

from groupbuy.kernel.signals import fact

campaign_closed = fact(
    "campaigns.campaign_closed",
    "Group buys of a campaign take no more orders and wait to be decided; whoever knows what was "
    "sold calls `services.decide`. Sender: the Campaign, locked; group_buy_ids: list[str]; "
    "paid_before: datetime | None, what was paid from then on does not count; now: datetime.",
)
