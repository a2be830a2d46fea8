"""`community`: the ordinary sale in leaders' groups; it always succeeds at closing."""

from groupbuy.campaigns.kinds.interface import Kind


class Community(Kind):
    """The sale that asks for nothing beyond what all kinds need (docs/domain.md, "Campaigns")."""

    name = "community"


KIND = Community()
