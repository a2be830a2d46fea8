"""`article`: a text in Markdown; it is done when it was read."""

from groupbuy.kernel.fields import Schema
from groupbuy.training.kinds.interface import Kind, Markdown
from groupbuy.training.rules.content import LessonKind


class ArticleContent(Schema):
    """What an article says."""

    body_zh = Markdown(required=True)
    body_en = Markdown(required=True)


KIND = Kind(LessonKind.ARTICLE, ArticleContent, told="read")
