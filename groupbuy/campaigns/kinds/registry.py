"""The kinds there are. A new one is its file, one line here, and its test."""

from groupbuy.campaigns.kinds import community, flash, threshold
from groupbuy.campaigns.kinds.interface import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        community.KIND,
        flash.KIND,
        threshold.KIND,
    )
}
