"""Somebody else's object is 404, on every route that is a shopper's or a leader's own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from sqlalchemy import text

from groupbuy.identity.rules import STAFF_ROLES
from groupbuy.kernel import clock
from groupbuy.kernel.db import session, transaction
from groupbuy.leaders.models import Leader
from groupbuy.training.models import Cohort, LeaderSegment, SegmentRun
from groupbuy.training.rules.segments import Segment
from scripts.dev.seed import seed_if_empty
from tests.app.fuzzing import with_ids
from tests.app.routes import Route, routes
from tests.client import Api, Caller
from tests.conftest import START
from tests.factories import assessments, certificates, coaching, cohorts, notices, training
from tests.journeys.headquarters import made

IN_TIME = START - timedelta(days=40)
"""When the month that the demo settled could still be disputed."""

COLLECTIVE = frozenset({"sku", "shp", "prg", "lsn", "ast", "qst"})
"""Ids that are nobody's own: goods that all may buy, what is taught to all leaders, and people,
who are named beside a place."""


@dataclass(frozen=True)
class World:
    """The demo's company: Bo buys from Mei; Tao and Zed look on, a leader and an outsider."""

    api: Api

    def first(self, prefix: str, query: str) -> str:
        """Return the public id of the first row of a query."""
        found = session().execute(text(f"{query} limit 1")).scalar_one()
        return f"{prefix}_{found.hex}"

    def of_mei(self, prefix: str, table: str) -> str:
        """Return the id of a row of Mei's."""
        return self.first(
            prefix, f"select t.id from {table} t join leaders l on l.id = leader_id {_MEI}"
        )


_MEI = "join shoppers s on s.id = l.shopper_id where s.openid = 'demo-mei' order by 1 desc"


def _order(world: World) -> str:
    """Return an order of Bo's that is Mei's sale."""
    return world.first(
        "ord",
        "select o.id from orders o join shoppers b on b.id = o.shopper_id and b.openid = 'demo-bo'"
        f" join leaders l on l.id = o.leader_id {_MEI}",
    )


def _redemption(world: World) -> str:
    return world.first(
        "rdm",
        "select r.id from redemptions r join parcels c on c.id = r.parcel_id"
        " join pickup_points p on p.id = c.pickup_point_id"
        f" join leaders l on l.id = p.leader_id {_MEI}",
    )


def _application(world: World) -> str:
    body = {"name": "Bo", "phone": "13800000000", "region": "Shanghai"}
    return str(made(world.api.shopper("bo").post("/leader-applications", body))["id"])


def _cohost(world: World) -> str:
    guest = world.first("ldr", "select l.id from leaders l where name = 'Yan'")
    path = f"/leader/group-buys/{world.of_mei('gbu', 'group_buys')}/cohosts"
    body = {"guest_leader_id": guest, "guest_bps": 1_000}
    return str(made(world.api.shopper("mei").post(path, body))["id"])


def _dispute(world: World) -> str:
    """Let Tao claim the order that was taken from him."""
    moved = world.first("ord", "select order_id from attribution_decisions where revision > 1")
    body = {"reason": "The shopper came by my link"}
    path = f"/leader/attributions/{moved}/disputes"
    tao = world.api.shopper("tao")
    world.api.clock.at = IN_TIME
    claimed = made(tao.post(path, body))
    world.api.clock.at = START
    return str(claimed["id"])


def _line(world: World, position: int) -> tuple[str, str]:
    """Return Bo's order, and one of its lines."""
    order = made(world.api.shopper("bo").get(f"/orders/{_order(world)}"), 200)
    return order["id"], order["lines"][position]["id"]


def _after_sale(world: World) -> str:
    order, line = _line(world, 0)
    body = {"lines": [{"order_line_id": line, "quantity": 1}], "reason": "damaged"}
    return str(made(world.api.shopper("bo").post(f"/orders/{order}/after-sales", body))["id"])


def _correction(world: World) -> str:
    _, line = _line(world, 1)
    body = {
        "kind": "shortage",
        "reason": "The box was half empty",
        "lines": [{"order_line_id": line, "quantity": 1}],
    }
    return str(made(world.api.shopper("mei").post("/leader/corrections", body))["id"])


def _proxy(world: World) -> str:
    path = f"/orders/{_order(world)}/pickup-proxies"
    return str(made(world.api.shopper("bo").post(path, {"name": "Lan"}))["id"])


def _mei(world: World) -> Leader:
    return session().get_one(Leader, world.first("ldr", f"select l.id from leaders l {_MEI}"))


def _attempt(world: World) -> str:
    """Let Mei begin an assessment."""
    exam = assessments.exam("true_false")
    leader = _mei(world)
    training.enrolled(leader, program=exam.program)
    return assessments.begun(exam, leader).id


def _cohort(world: World) -> str:
    return cohorts.cohort(leaders=[_mei(world)]).id


def _live_session(world: World) -> str:
    return cohorts.live_session(session().get_one(Cohort, _cohort(world))).id


def _certificate(world: World) -> str:
    return certificates.certificate(certificates.certification(), _mei(world)).id


def _task(world: World) -> str:
    """Give Mei, the only one who sold in the month that the demo settled, a task of a coach's."""
    mei, month = _mei(world).id, session().execute(_SETTLED).scalar_one()
    shares = {"head_bps": 2_000, "upper_bps": 8_000, "new_days": 30}
    place = {"position": 1, "rank": 1, "ranked": 1, "net_fen": 100, "segment": Segment.HEAD.value}
    run = SegmentRun(month=month, ranked=1, **shares, calculated_at=clock.now(), calculated_by="")
    if session().get(SegmentRun, month) is None:
        with transaction():
            session().add(run)
            session().flush()
            session().add(LeaderSegment(month=month, leader_id=mei, **place))
    plan = coaching.plan(mei, coaching.coach(), tasks=[coaching.HOST])
    return world.first("ctk", f"select id from coaching_tasks where plan_id = '{plan.id[4:]}'")


_SETTLED = text("select month from settlement_periods order by month limit 1")


def _notice(world: World) -> str:
    return notices.told(_mei(world).shopper_id).id


MAKERS: dict[str, tuple[str, Callable[[World], str]]] = {
    "ord": ("bo", _order),
    "lap": ("bo", _application),
    "pxy": ("bo", _proxy),
    "afs": ("bo", _after_sale),
    "cor": ("mei", _correction),
    "com": ("mei", lambda world: world.of_mei("com", "communities")),
    "ppt": ("mei", lambda world: world.of_mei("ppt", "pickup_points")),
    "gbu": ("mei", lambda world: world.of_mei("gbu", "group_buys")),
    "sts": ("mei", lambda world: world.of_mei("sts", "settlement_statements")),
    "rdm": ("mei", _redemption),
    "coh": ("mei", _cohost),
    "dsp": ("tao", _dispute),
    "atm": ("mei", _attempt),
    "cht": ("mei", _cohort),
    "lvs": ("mei", _live_session),
    "crt": ("mei", _certificate),
    "ctk": ("mei", _task),
    "ntc": ("mei", _notice),
}
"""Id prefix → whose it is, and how there comes to be one."""


def own_routes(app: Flask) -> list[Route]:
    """Return the routes with an id that only shoppers or leaders may call."""
    return [
        route
        for route in routes(app)
        if not route.roles & set(STAFF_ROLES) and set(route.prefixes.values()) - COLLECTIVE
    ]


def test_it_knows_how_to_make_what_every_own_route_names(app: Flask) -> None:
    found = own_routes(app)
    assert len(found) >= 29
    named = {prefix for route in found for prefix in route.prefixes.values()}
    assert named - COLLECTIVE - MAKERS.keys() == set(), "say in MAKERS how to make one"
    assert MAKERS.keys() - named == set()


def test_it_hides_what_is_somebody_elses(app: Flask, api: Api) -> None:
    seed_if_empty()
    world = World(api)
    known = {prefix: maker(world) for prefix, (_, maker) in MAKERS.items()}
    known |= {"shp": api.shopper("bo").id, "orl": _line(world, 2)[1]}
    known["qst"] = world.first(
        "qst", "select question_id from attempt_questions order by attempt_id desc"
    )
    faults = []
    for route in own_routes(app):
        ids = {name: known[p] for name, p in route.prefixes.items() if p in known}
        body = with_ids(known, route.example) if "payment" not in route.rule.rule else {}
        for outsider in _outsiders(api, route):
            answer = route.ask(outsider, body, ids=ids)
            if answer.status_code != 404:
                faults.append(f"{route.name}: {answer.status_code} {answer.text[:150]}")
        owner = route.ask(api.shopper(_owner(route)), body, ids=ids)
        if owner.status_code == 404:
            faults.append(f"{route.name}: hidden from its owner too")
    assert not faults, "\n".join(faults)


def _owner(route: Route) -> str:
    """Return whose the thing is; of an order that is Mei's sale, Bo is the shopper."""
    if "coh" in route.prefixes.values() and route.rule.rule.endswith(("/agreement", "/refusal")):
        return "yan"
    [owner] = {MAKERS[prefix][0] for prefix in route.prefixes.values() if prefix in MAKERS}
    return "mei" if _for_leaders(route) and owner == "bo" else owner


def _outsiders(api: Api, route: Route) -> list[Caller]:
    """Return everybody else who may call it: other leaders, and an outsider where shoppers may."""
    names = ["mei", "tao", "yan"] if _for_leaders(route) else ["mei", "tao", "zed"]
    return [api.shopper(name) for name in names if name != _owner(route)]


def _for_leaders(route: Route) -> bool:
    return "shopper" not in route.roles
