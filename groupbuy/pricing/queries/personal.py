"""What pricing keeps about a shopper: the coupons they have and had."""

from groupbuy.kernel.personal import PersonalData

PERSONAL = (
    PersonalData(
        "coupons",
        "select b.title_zh, b.title_en, c.state, c.claimed_at, c.expires_at, c.used_at "
        "from coupons c join coupon_batches b on b.id = c.batch_id "
        "where c.shopper_id = :shopper order by c.id",
    ),
    PersonalData(
        "coupon_codes",
        "select k.code, k.claimed_at from coupon_codes k "
        "where k.claimed_by = :shopper order by k.id",
    ),
)
