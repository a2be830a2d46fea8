"""What identity's tests share: the WeChat double."""

from tests.doubles.fixtures import wechat

__all__ = ["wechat"]
