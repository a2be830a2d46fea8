"""Leaders who learn, over HTTP."""

from typing import Any

from groupbuy.training.models import Lesson, Module
from groupbuy.training.rules.content import LessonKind
from tests.client import Api, Caller
from tests.factories import leaders, training


def learner(api: Api, name: str = "mei") -> tuple[Caller, str]:
    """Make somebody a leader; return the caller and the leader's id."""
    caller = api.shopper(name)
    return caller, leaders.leader(by=caller.id).id


def video(module: Module, duration_s: int = 600, **fields: Any) -> Lesson:
    """Make a video, taught at once."""
    content = {
        "url": "https://video.example.com/welcome.mp4",
        "duration_s": duration_s,
        "text_zh": "看完再开团。",
        "text_en": "Watch it before you open a group buy.",
    }
    return training.lesson(module, LessonKind.VIDEO, content=content, **fields)
