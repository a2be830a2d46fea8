"""What a leader sees and does of the own coaching."""

import pytest

from tests.client import Api, Caller
from tests.factories import coaching
from tests.factories import leaders as leader_factory
from tests.factories.coaching import CALL, HOST, MARCH, opened
from tests.journeys.headquarters import made
from tests.orders.test_api import refused

PLANS = "/hq/coaching/plans"


@pytest.fixture
def leaders(api: Api) -> list[str]:
    """Mei and two others who sold nothing in March, which is divided."""
    return coaching.tail(api)


@pytest.fixture
def trainer(api: Api) -> Caller:
    """Somebody who trains."""
    return api.staff("trainer")


class TestOwn:
    """GET /leader/coaching"""

    def test_it_shows_a_leader_the_own_months_and_plan(
        self, api: Api, leaders: list[str], trainer: Caller
    ) -> None:
        coach = coaching.coach("tao").staff_id
        shown = opened(trainer, leaders[0], coach, tasks=[CALL, HOST])
        path = f"{PLANS}/{shown['plan']['id']}/notes"
        made(trainer.post(path, {"body": "Not for her.", "shared": False}))
        wrong = made(trainer.post(path, {"body": "Twice a week!", "shared": True}))
        right = {"body": "Once a week.", "shared": True, "corrects_id": wrong["id"]}
        made(trainer.post(path, right))
        opened(trainer, leaders[1], coach, tasks=[CALL])
        own = made(api.shopper("mei").get("/leader/coaching"), 200)
        [month] = own["segments"]
        assert (month["month"], month["segment"]) == (MARCH, "tail")
        assert month["told"].startswith("There is much to win")
        [plan] = own["plans"]
        assert (plan["coach_name"], plan["state"]) == ("Tao", "open")
        assert [task["title"] for task in plan["tasks"]] == ["Have a call", "Host a group buy"]
        assert [note["body"] for note in plan["notes"]] == ["Once a week."]
        chinese = api.shopper("mei").get("/leader/coaching", language="zh-CN").json
        assert chinese["plans"][0]["tasks"][0]["title"] == "通一次电话"

    def test_it_lets_a_leader_tick_off_what_is_meant_for_it(
        self, api: Api, leaders: list[str], trainer: Caller
    ) -> None:
        coach = coaching.coach().staff_id
        shown = opened(trainer, leaders[0], coach, tasks=[CALL, HOST])
        call, host = (f"/leader/coaching/tasks/{t['id']}/completion" for t in shown["tasks"])
        mei = api.shopper("mei")
        done = made(mei.post(host), 200)
        assert (done["title"], done["done_at"] is None) == ("Host a group buy", False)
        assert made(mei.delete(host), 200)["done_at"] is None
        refused(mei.post(call), 409, "task-of-the-coach")
        refused(mei.delete(call), 409, "task-of-the-coach")
        theirs = opened(trainer, leaders[1], coach, tasks=[HOST])["tasks"][0]["id"]
        for method in (mei.post, mei.delete):
            other = method(f"/leader/coaching/tasks/{theirs}/completion")
            refused(other, 404, "not-found")

    def test_it_is_empty_before_anything_happened(self, api: Api) -> None:
        leader_factory.leader(by=api.shopper("mei").id)
        own = made(api.shopper("mei").get("/leader/coaching"), 200)
        assert own == {"segments": [], "plans": []}
        zed = api.shopper("zed")
        path = f"/leader/coaching/tasks/ctk_{'0' * 32}/completion"
        for outsider, status in ((api.anonymous, 401), (zed, 403)):
            assert outsider.get("/leader/coaching").status_code == status
            assert outsider.post(path).status_code == status
            assert outsider.delete(path).status_code == status
