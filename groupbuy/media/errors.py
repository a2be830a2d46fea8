"""Problems of media."""

from http import HTTPStatus
from typing import ClassVar

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class NotAPictureFile(Problem):
    """The file is not a JPEG, PNG, WebP or GIF, is damaged, or has too many pixels."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "not-a-picture"
    title = Text("文件不是可用的图片", "The file is not a usable picture")
    detail = Text(
        "请上传 JPEG、PNG、WebP 或 GIF 图片，不超过 8 MB、2000 万像素（普通 JPEG 5000 万）。",
        "Upload a JPEG, PNG, WebP or GIF of at most 8 MB and 20 million pixels "
        "(a plain JPEG 50 million).",
    )


class PictureStoreUnavailable(Problem):
    """The place where pictures are kept does not answer, or is not set up; try again later."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "picture-store-unavailable"
    title = Text("图片存储暂时不可用", "The picture store is unavailable at the moment")
    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}
