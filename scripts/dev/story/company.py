"""The company of the demo while its past is being told: its clock, its people, what they did."""

from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from groupbuy.identity import services as identity
from groupbuy.kernel.access import Actor
from groupbuy.kernel.clock import ManualClock

NEIGHBOURS = ("bo", "lan", "jun", "xia", "fei", "min")
LEADERS = {
    "mei": "花木路 7 弄 Huamu Road 7",
    "tao": "芳甸路 21 号 Fangdian Road 21",
    "yan": "梅花路 3 号 Meihua Road 3",
}
"""Who sells, and where; Yan is of level 2."""


@dataclass
class Company:
    """The company; `time` is the clock that everybody reads, `today` where the story ends.

    `leaders`, `communities`, `points` and `groups` are ids by the leader's name, `categories`,
    `brands` and `suppliers` by their own; `orders` are each neighbour's last ones by month,
    neighbour and leader.
    """

    time: ManualClock
    today: datetime
    staff: dict[str, Actor]
    random: Random = field(default_factory=lambda: Random(20))
    categories: dict[str, str] = field(default_factory=dict)
    brands: dict[str, str] = field(default_factory=dict)
    suppliers: dict[str, str] = field(default_factory=dict)
    skus: list[str] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)
    points: dict[str, str] = field(default_factory=dict)
    leaders: dict[str, str] = field(default_factory=dict)
    communities: dict[str, str] = field(default_factory=dict)
    orders: dict[tuple[str, str, str], str] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """Return the instant of the story."""
        return self.time.now()

    def shopper(self, name: str) -> str:
        """Return the id of a shopper; who is new registers."""
        begun = identity.begin_shopper_session(
            openid=f"demo-{name}", unionid=None, name=name.capitalize(), days=0, now=self.now
        )
        return str(begun["shopper"].id)

    def leader(self, name: str) -> Actor:
        """Return a leader as an actor."""
        return Actor(
            kind="shopper",
            id=self.shopper(name),
            role="leader",
            leader_id=self.leaders.get(name, ""),
        )
