"""Idempotency-Key: a creating write happens once, however often it is sent."""

import threading
from datetime import timedelta

import pytest

from groupbuy.kernel import idempotency
from groupbuy.kernel.db import session, transaction
from tests.client import Answer, Api
from tests.conftest import START
from tests.kernel import notes

pytestmark = pytest.mark.committed


def test_it_replays_the_first_answer(notes_api: Api) -> None:
    bo = notes_api.shopper("bo")
    first = bo.post("/notes", {"text": "hello"}, key="k1")
    again = bo.post("/notes", {"text": "hello"}, key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert notes.count() == 1


def test_it_refuses_the_key_for_another_body(notes_api: Api) -> None:
    bo = notes_api.shopper("bo")
    bo.post("/notes", {"text": "hello"}, key="k1")
    answer = bo.post("/notes", {"text": "other"}, key="k1")
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency-key-reused")
    assert notes.count() == 1


def test_it_keeps_the_keys_of_two_people_apart(notes_api: Api) -> None:
    for name in ("bo", "zed"):
        assert notes_api.shopper(name).post("/notes", {"text": "x"}, key="k1").status_code == 201
    assert notes.count() == 2


@pytest.mark.parametrize("key", [None, "x" * 201, "tab\there", "新\u200b"])
def test_it_demands_a_usable_key(notes_api: Api, key: str | None) -> None:
    answer = notes_api.shopper("bo").post("/notes", {"text": "x"}, key=key)
    assert (answer.status_code, answer.json["code"]) == (400, "idempotency-key-missing")
    assert notes.count() == 0


@pytest.mark.parametrize(("text", "status"), [("refuse", 409), ("crash", 500), ("", 422)])
def test_it_lets_the_same_key_try_again_after_a_refusal(
    notes_api: Api, monkeypatch: pytest.MonkeyPatch, text: str, status: int
) -> None:
    bo = notes_api.shopper("bo")
    assert bo.post("/notes", {"text": text}, key="k1").status_code == status
    assert notes.count() == 0
    monkeypatch.setattr(notes, "MISCHIEF", {})
    assert bo.post("/notes", {"text": text or "better"}, key="k1").status_code == 201
    assert notes.count() == 1


def test_it_has_one_effect_when_two_connections_send_the_key_at_once(notes_api: Api) -> None:
    bo, answers = notes_api.shopper("bo"), list[Answer]()
    notes.inside.clear()
    notes.proceed.clear()

    def send_first() -> None:
        answers.append(bo.post("/notes", {"text": "wait"}, key="race"))

    first = threading.Thread(target=send_first)
    first.start()
    try:
        assert notes.inside.wait(20)
        second = bo.post("/notes", {"text": "wait"}, key="race")
    finally:
        notes.proceed.set()
        first.join()
    assert (second.status_code, second.json["code"]) == (409, "request-in-progress")
    assert second.headers["Retry-After"] == "1"
    assert answers[0].status_code == 201
    third = bo.post("/notes", {"text": "wait"}, key="race")
    assert (third.status_code, third.data) == (201, answers[0].data)
    assert notes.count() == 1


def test_it_has_one_effect_when_ten_connections_send_the_key_at_once(notes_api: Api) -> None:
    bo, answers = notes_api.shopper("bo"), list[Answer]()
    start = threading.Barrier(10)

    def send() -> None:
        start.wait()
        answers.append(bo.post("/notes", {"text": "hello"}, key="race"))

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.data for answer in answers if answer.status_code == 201}) == 1
    assert notes.count() == 1


def test_it_forgets_old_answers(notes_api: Api) -> None:
    bo = notes_api.shopper("bo")
    bo.post("/notes", {"text": "hello"}, key="k1")
    with transaction():
        assert idempotency.forget(before=START) == 0
        assert idempotency.forget(before=START + timedelta(seconds=1)) == 1
    assert session().get(idempotency.IdempotentAnswer, ("x", "k1")) is None


def test_it_takes_back_a_repetition_that_looked_too_early(
    notes_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    bo = notes_api.shopper("bo")
    first = bo.post("/notes", {"text": "hello"}, key="k1")
    with monkeypatch.context() as patch:
        patch.setattr(idempotency, "claim", lambda **claim: None)
        early = bo.post("/notes", {"text": "hello"}, key="k1")
    assert (early.status_code, early.json["code"]) == (409, "request-in-progress")
    assert notes.count() == 1
    assert bo.post("/notes", {"text": "hello"}, key="k1").data == first.data
