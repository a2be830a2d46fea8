"""The kinds there are. A new one is its file, one line here, and its test."""

from groupbuy.pricing.kinds import buy_get, free_delivery, gift, reduction
from groupbuy.pricing.rules.promotions import Kind

KINDS: dict[str, Kind] = {
    "buy_get": buy_get,
    "gift": gift,
    "reduction": reduction,
    "free_delivery": free_delivery,
}
