"""What fulfilment keeps about a shopper: parcels and who fetched them; names sent are erased."""

from groupbuy.kernel.personal import PersonalData

PERSONAL = (
    PersonalData(
        "parcels",
        "select 'pcl_' || replace(p.id::text, '-', '') as parcel_id, p.state, p.ready_at, "
        "r.picked_up_by, r.redeemed_at from parcels p "
        "left join redemptions r on r.parcel_id = p.id and r.undone_at is null "
        "where p.shopper_id = :shopper order by p.id",
    ),
    PersonalData(
        "pickup_proxies",
        "select 'pcl_' || replace(p.id::text, '-', '') as parcel_id, x.name, x.note, x.state, "
        "x.given_at, x.ended_at from pickup_proxies x join parcels p on p.id = x.parcel_id "
        "where p.shopper_id = :shopper order by x.id",
        erase=(
            "update pickup_proxies set name = '', note = '' where parcel_id in "
            "(select id from parcels where shopper_id = :shopper)",
        ),
    ),
)
