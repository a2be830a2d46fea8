"""What leaders announces."""

from groupbuy.kernel.signals import fact

leader_approved = fact(
    "leaders.leader_approved",
    "Headquarters accepted a leader. Sender: the Leader; `application_id`, `actor`, `now`.",
)
