"""Fixtures of the doubles, each function-scoped and with the application set up to reach it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from groupbuy.kernel.settings import EXTENSION, settings
from tests.doubles import stripe as stripe_double
from tests.doubles import wechat as wechat_double
from tests.doubles import wechat_pay as wechat_pay_double
from tests.doubles.s3 import BucketDouble
from tests.doubles.stripe import StripeDouble
from tests.doubles.wechat import WeChatDouble
from tests.doubles.wechat_pay import WeChatPayDouble


def _set(app: Flask, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    monkeypatch.setitem(app.extensions, EXTENSION, replace(settings(), **changes))


@pytest.fixture
def stripe(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[StripeDouble]:
    """Stripe; the application takes payments there."""
    with StripeDouble() as double:
        _set(
            app,
            monkeypatch,
            payment_provider="stripe",
            stripe_api_key=stripe_double.API_KEY,
            stripe_webhook_secret=stripe_double.WEBHOOK_SECRET,
            stripe_api_url=double.url,
        )
        yield double


@pytest.fixture
def wechat(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[WeChatDouble]:
    """WeChat; the application's logins go there (demo codes still work)."""
    with WeChatDouble() as double:
        _set(
            app,
            monkeypatch,
            wechat_app_id=wechat_double.APP_ID,
            wechat_secret=wechat_double.SECRET,
            wechat_api_url=double.url,
        )
        yield double


@pytest.fixture
def wechat_pay(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[WeChatPayDouble]:
    """WeChat Pay; the application takes payments and transfers there."""
    with WeChatPayDouble() as double:
        _set(
            app,
            monkeypatch,
            wechat_app_id=wechat_pay_double.APP_ID,
            wechat_pay_mch_id=wechat_pay_double.MCH_ID,
            wechat_pay_key=wechat_pay_double.private_pem("merchant"),
            wechat_pay_cert_serial=wechat_pay_double.CERT_SERIAL,
            wechat_pay_public_key=wechat_pay_double.public_pem("wechat"),
            wechat_pay_public_key_id=wechat_pay_double.PUBLIC_KEY_ID,
            wechat_pay_api_url=double.url,
            wechat_pay_api_v3_key=wechat_pay_double.API_V3_KEY,
            wechat_pay_notify_url=wechat_pay_double.NOTIFY_URL,
            payment_methods="demo:demo,wechatpay:jsapi",
        )
        yield double


@pytest.fixture
def bucket(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[BucketDouble]:
    """A bucket; the application keeps its pictures there."""
    with BucketDouble() as double:
        _set(app, monkeypatch, pictures_url=double.store_url)
        yield double


@pytest.fixture
def picture_folder(app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder; the application keeps its pictures there."""
    folder = tmp_path / "pictures"
    _set(app, monkeypatch, pictures_url=folder.as_uri())
    return folder
