"""Configuration: from the environment only, all faults at once, demo only when asked for."""

import base64

import pytest

from groupbuy.kernel.settings import ConfigurationError, defaults, from_environment
from groupbuy.kernel.variables import VARIABLES, Mode

SERVERS = {"DATABASE_URL": "postgresql://h/d", "REDIS_URL": "redis://h/0"}
PRODUCTION = {
    **SERVERS,
    "GROUPBUY_MODE": "production",
    "WECHAT_APP_ID": "wx1",
    "WECHAT_SECRET": "s",
    "STRIPE_API_KEY": "k",
    "STRIPE_WEBHOOK_SECRET": "w",
    "PICTURES_URL": "file:///srv/pictures",
    "TRAINING_SECRET": "s" * 32,
    "PAYOUT_ACCOUNT_KEYS": f"k1:{base64.b64encode(bytes(32)).decode()}",
}


def faults(environment: dict[str, str]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        from_environment(environment)
    return str(caught.value)


def test_it_lists_everything_that_production_lacks_at_once() -> None:
    text = faults({"GROUPBUY_MODE": "production"})
    for name in sorted(PRODUCTION.keys() - {"GROUPBUY_MODE"}):
        assert f"{name} is missing" in text


@pytest.mark.parametrize("mode", [None, "", "Demo", "prod", "debug"])
def test_it_never_falls_back_to_demo_mode(mode: str | None) -> None:
    environment = dict(PRODUCTION)
    environment.pop("GROUPBUY_MODE")
    if mode is not None:
        environment["GROUPBUY_MODE"] = mode
    assert "GROUPBUY_MODE" in faults(environment)


def test_it_refuses_the_demo_provider_in_production() -> None:
    assert "PAYMENT_PROVIDER" in faults({**PRODUCTION, "PAYMENT_PROVIDER": "demo"})


def test_it_uses_the_demo_provider_in_demo_mode_unless_told_otherwise() -> None:
    demo = {**SERVERS, "GROUPBUY_MODE": "demo"}
    assert from_environment(demo).payment_provider == "demo"
    assert from_environment({**demo, "PAYMENT_PROVIDER": "stripe"}).payment_provider == "stripe"


def test_it_reads_a_complete_production() -> None:
    settings = from_environment({**PRODUCTION, "HOLD_DAYS": "5"})
    assert (settings.mode, settings.demo, settings.hold_days) == (Mode.PRODUCTION, False, 5)
    assert settings.payment_provider == "stripe"
    assert settings.sqlalchemy_url == "postgresql+psycopg://h/d"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "sqlite:///shop.db"),
        ("DATABASE_URL", "mysql://h/d"),
        ("BUSINESS_TIMEZONE", "Shanghai"),
        ("BUSINESS_TIMEZONE", "../etc/passwd"),
        ("HOLD_DAYS", "a week"),
        ("HOLD_DAYS", "-1"),
        ("MIN_PAYOUT_FEN", "10.5"),
        ("PAYMENT_PROVIDER", "paypal"),
        ("COACHING_UPPER_BPS", "10001"),
        ("COACHING_HEAD_BPS", "9000"),
        ("TRAINING_SECRET", "s" * 31),
        ("PUBLIC_URL", "shop.example"),
        ("PUBLIC_URL", "https://shop.example/?a=b"),
    ],
)
def test_it_refuses_values_that_make_no_sense(name: str, value: str) -> None:
    assert name in faults({**PRODUCTION, name: value})


def test_it_reports_wrong_and_missing_values_together() -> None:
    text = faults({"GROUPBUY_MODE": "production", "HOLD_DAYS": "x"})
    assert "HOLD_DAYS" in text
    assert "WECHAT_SECRET is missing" in text


def test_it_has_no_secret_by_default_and_documents_every_variable() -> None:
    known = defaults()
    for variable in VARIABLES:
        assert variable.field in known
        assert variable.meaning
        if "SECRET" in variable.name or "KEY" in variable.name:
            assert known[variable.field] == ""


@pytest.mark.parametrize(
    "url",
    ["/srv/pictures", "file://", "file://host/x", "s3+https://host/bucket", "https://a:b@c/d"],
)
def test_it_refuses_a_picture_store_it_does_not_know(url: str) -> None:
    assert "PICTURES_URL" in faults({**PRODUCTION, "PICTURES_URL": url})


def test_it_takes_a_bucket_as_the_picture_store() -> None:
    url = "s3+https://access:secret@oss.example/pictures?region=cn-east-1"
    assert from_environment({**PRODUCTION, "PICTURES_URL": url}).pictures_url == url
