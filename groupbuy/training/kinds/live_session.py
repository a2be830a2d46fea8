"""`live_session`: a lesson given at a time; cohorts have the sessions, and say who attended."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from groupbuy.kernel.fields import Count, Schema
from groupbuy.training.kinds.interface import HttpsUrl, Kind, Markdown
from groupbuy.training.rules.content import LessonKind
from groupbuy.training.rules.watching import LONGEST_S

DAY_MINUTES = 1_440


class LiveSessionContent(Schema):
    """What is talked about, for how long, and where it can be seen afterwards."""

    agenda_zh = Markdown(required=True)
    agenda_en = Markdown(required=True)
    minutes = Count(required=True, minimum=1, maximum=DAY_MINUTES)
    replay_url = HttpsUrl(load_default=None, allow_none=True)
    replay_duration_s = Count(load_default=None, allow_none=True, minimum=1, maximum=LONGEST_S)

    @validates_schema
    def _whole(self, data: dict[str, Any], **kwargs: Any) -> None:
        if (data.get("replay_url") is None) != (data.get("replay_duration_s") is None):
            raise ValidationError("A replay has both an address and a length.", "replay_url")


KIND = Kind(LessonKind.LIVE_SESSION, LiveSessionContent)
