"""The kinds there are. A new one is its file, one line here, its name in `LessonKind`, its test."""

from groupbuy.training.kinds import article, assessment, live_session, video
from groupbuy.training.kinds.interface import Kind
from groupbuy.training.rules.content import LessonKind

KINDS: dict[LessonKind, Kind] = {
    kind.name: kind for kind in (video.KIND, article.KIND, live_session.KIND, assessment.KIND)
}
