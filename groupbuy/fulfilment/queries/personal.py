"""What fulfilment keeps about a shopper: their parcels, and whom they sent to fetch them."""

from groupbuy.kernel.personal import PersonalData

_OWN = "parcel_id in (select id from parcels where shopper_id = :shopper)"

PERSONAL = (
    PersonalData(
        "parcels",
        "select p.state, s.arrived_at, pt.name as pickup_point from parcels p "
        "join shipments s on s.id = p.shipment_id "
        "join pickup_points pt on pt.id = p.pickup_point_id "
        "where p.shopper_id = :shopper order by p.id",
    ),
    PersonalData(
        "pickup_proxies",
        f"select x.name, x.note from pickup_proxies x where x.{_OWN} order by x.id",
        # Who fetched the goods is somebody else's name.
        erase=(f"update pickup_proxies set name = '', note = '' where {_OWN}",),
    ),
)
