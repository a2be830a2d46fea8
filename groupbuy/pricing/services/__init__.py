"""Asking what a basket costs; promotions; coupons from the batch to the order."""

from groupbuy.pricing.services.holding import (
    give_back,
    give_back_many,
    hold,
    hold_again,
    use,
)
from groupbuy.pricing.services.quoting import (
    Priced,
    UsableCoupon,
    ask,
    price_basket,
    rehearse,
    usable_coupons,
)

__all__ = [
    "Priced",
    "UsableCoupon",
    "ask",
    "give_back",
    "give_back_many",
    "hold",
    "hold_again",
    "price_basket",
    "rehearse",
    "usable_coupons",
    "use",
]
