"""Asking what a basket costs; promotions; coupons from the batch to the order."""

from groupbuy.pricing.services.batches import create_batch, edit_batch, make_codes, move_batch
from groupbuy.pricing.services.claiming import claim
from groupbuy.pricing.services.holding import (
    give_back,
    give_back_many,
    hold,
    hold_again,
    use,
)
from groupbuy.pricing.services.issuing import (
    advance_issue,
    resume_issue,
    start_issue,
    stop_issue,
)
from groupbuy.pricing.services.promoting import (
    copy_promotion,
    create_promotion,
    edit_promotion,
    end_promotion,
    publish_promotion,
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
    "advance_issue",
    "ask",
    "claim",
    "copy_promotion",
    "create_batch",
    "create_promotion",
    "edit_batch",
    "edit_promotion",
    "end_promotion",
    "give_back",
    "give_back_many",
    "hold",
    "hold_again",
    "make_codes",
    "move_batch",
    "price_basket",
    "publish_promotion",
    "rehearse",
    "resume_issue",
    "start_issue",
    "stop_issue",
    "usable_coupons",
    "use",
]
