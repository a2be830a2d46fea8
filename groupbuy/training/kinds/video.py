"""`video`: a film; it is done when enough of it was seen."""

from groupbuy.kernel.fields import Count, Schema
from groupbuy.training.kinds.interface import HttpsUrl, Kind, Markdown
from groupbuy.training.rules.content import LessonKind
from groupbuy.training.rules.watching import LONGEST_S


class VideoContent(Schema):
    """Where the film is, how long it lasts, and what stands beside it."""

    url = HttpsUrl(required=True)
    duration_s = Count(required=True, minimum=1, maximum=LONGEST_S)
    text_zh = Markdown(minimum=0, load_default="")
    text_en = Markdown(minimum=0, load_default="")


KIND = Kind(LessonKind.VIDEO, VideoContent, told="watched", length_s="duration_s")
