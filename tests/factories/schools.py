"""A trainer who builds a program, over HTTP."""

from typing import Any

from tests.client import Api, Caller
from tests.journeys.headquarters import made

TITLES = {"title_zh": "社群入门", "title_en": "First steps"}
TEXT = {"body_zh": "# 欢迎", "body_en": "# Welcome"}
WELCOME = {"title_zh": "欢迎", "title_en": "Welcome", "minutes": 5, "content": TEXT}
NOWHERE = "0" * 32


class School:
    """A trainer who builds a program."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.tan: Caller = api.staff("trainer", "tan")
        self.program = self.add("programs", code="first-steps", **TITLES)
        self.course = self.add("courses", program_id=self.program["id"], code="c1", **TITLES)
        self.module = self.add("modules", course_id=self.course["id"], **TITLES)

    def add(self, what: str, **body: Any) -> dict[str, Any]:
        return made(self.tan.post(f"/hq/{what}", body))

    def lesson(self, code: str, module: str = "", **body: Any) -> dict[str, Any]:
        module = module or self.module["id"]
        return self.add("lessons", module_id=module, code=code, **{"kind": "article", **body})

    def another_course(self, code: str) -> tuple[dict[str, Any], dict[str, Any]]:
        course = self.add("courses", program_id=self.program["id"], code=code, **TITLES)
        return course, self.add("modules", course_id=course["id"], **TITLES)

    def needs(self, **ids: str) -> Any:
        return self.tan.post("/hq/prerequisites", ids)
