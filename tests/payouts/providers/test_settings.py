"""The settings of the channels: keys all or none, templates as JSON or in a file."""

import base64
from pathlib import Path

import pytest

from groupbuy.kernel.settings import ConfigurationError, Settings, from_environment
from groupbuy.kernel.variables import WECHAT_PAY
from groupbuy.payouts.providers.wechat_transfer import WeChatTransferChannel
from tests.doubles.wechat_pay import API_V3_KEY, private_pem, public_pem

DEMO = {
    "GROUPBUY_MODE": "demo",
    "DATABASE_URL": "postgresql://h/d",
    "REDIS_URL": "redis://h/0",
}
BUG = "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----"


def keys() -> dict[str, str]:
    return {
        "WECHAT_APP_ID": "wx1",
        "WECHAT_PAY_MCH_ID": "1900000001",
        "WECHAT_PAY_KEY": private_pem("merchant"),
        "WECHAT_PAY_CERT_SERIAL": "5157F09E",
        "WECHAT_PAY_PUBLIC_KEY": public_pem("wechat"),
        "WECHAT_PAY_PUBLIC_KEY_ID": "PUB_KEY_ID_1",
    }


def read(**changes: str) -> Settings:
    return from_environment({**DEMO, **changes})


def faults(**changes: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(**changes)
    return str(caught.value)


def test_it_needs_no_key_of_wechat_pay() -> None:
    assert WeChatTransferChannel.configured(read()) is None


def test_it_takes_all_of_wechat_pays_variables() -> None:
    assert set(keys()) == {*WECHAT_PAY, "WECHAT_APP_ID"}
    assert WeChatTransferChannel.configured(read(**keys())) is not None


@pytest.mark.parametrize("name", [*WECHAT_PAY, "WECHAT_APP_ID"])
def test_it_refuses_some_of_wechat_pays_variables(name: str) -> None:
    some = {key: value for key, value in keys().items() if key != name}
    assert f"missing: {name}" in faults(**some)


def test_it_reads_keys_from_files_and_from_one_line(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text(private_pem("merchant"))
    assert read(**keys() | {"WECHAT_PAY_KEY": str(file)}).wechat_pay_key == private_pem("merchant")
    one_line = public_pem("wechat").replace("\n", "\\n")
    settings = read(**keys() | {"WECHAT_PAY_PUBLIC_KEY": one_line})
    assert settings.wechat_pay_public_key == public_pem("wechat")


@pytest.mark.parametrize("value", ["/nowhere", "no key", BUG, "swapped"])
@pytest.mark.parametrize("name", ["WECHAT_PAY_KEY", "WECHAT_PAY_PUBLIC_KEY"])
def test_it_refuses_what_is_no_key(name: str, value: str) -> None:
    other = public_pem("wechat") if name == "WECHAT_PAY_KEY" else private_pem("merchant")
    text = faults(**keys() | {name: other if value == "swapped" else value})
    assert text.startswith("The configuration is not complete:\n" + name)
    assert private_pem("merchant").splitlines()[1] not in text


def taking() -> dict[str, str]:
    return keys() | {
        "WECHAT_PAY_API_V3_KEY": API_V3_KEY,
        "WECHAT_PAY_NOTIFY_URL": "https://shop.example/webhooks/wechatpay",
    }


def test_it_takes_money_through_wechat_pay_with_two_more() -> None:
    settings = read(**taking(), PAYMENT_METHODS="wechatpay:jsapi, demo:demo,wechatpay:jsapi")
    assert settings.wechat_pay_api_v3_key == API_V3_KEY
    assert settings.payment_methods == "wechatpay:jsapi,demo:demo"


@pytest.mark.parametrize("name", ["WECHAT_PAY_API_V3_KEY", "WECHAT_PAY_NOTIFY_URL"])
@pytest.mark.parametrize(
    "used", [{}, {"PAYMENT_PROVIDER": "wechatpay"}, {"PAYMENT_METHODS": "wechatpay:jsapi"}]
)
def test_it_refuses_to_take_money_without_one_of_them(name: str, used: dict[str, str]) -> None:
    some = {key: value for key, value in taking().items() if key != name}
    assert f"missing: {name}" in faults(**some, **used)


def test_it_takes_money_only_with_the_keys_of_the_merchant() -> None:
    given = {key: value for key, value in taking().items() if key != "WECHAT_PAY_KEY"}
    assert "missing: WECHAT_PAY_KEY" in faults(**given)
    assert "WECHAT_PAY_MCH_ID" in faults(PAYMENT_PROVIDER="wechatpay")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WECHAT_PAY_API_V3_KEY", "31 characters are one too few.."),
        ("WECHAT_PAY_NOTIFY_URL", "http://shop.example/webhooks/wechatpay"),
        ("WECHAT_PAY_NOTIFY_URL", "https://shop.example/webhooks/wechatpay?a=1"),
        ("PAYMENT_METHODS", "card"),
        ("PAYMENT_METHODS", "paypal:card"),
        ("PAYMENT_METHODS", "stripe:"),
    ],
)
def test_it_refuses_what_cannot_be_used(name: str, value: str) -> None:
    text = faults(**taking() | {name: value})
    assert name in text
    assert "characters are one too few" not in text


def test_it_needs_stripe_in_production_only_where_shoppers_pay_there() -> None:
    production = taking() | {
        "GROUPBUY_MODE": "production",
        "WECHAT_SECRET": "s",
        "TRAINING_SECRET": "s" * 32,
        "PAYOUT_ACCOUNT_KEYS": f"k1:{base64.b64encode(bytes(32)).decode()}",
        "PAYMENT_PROVIDER": "wechatpay",
        "PICTURES_URL": "file:///srv/pictures",
    }
    assert read(**production).stripe_api_key == ""
    assert "STRIPE_WEBHOOK_SECRET is missing" in faults(**production, STRIPE_API_KEY="k")
    assert "STRIPE_API_KEY is missing" in faults(**production, PAYMENT_METHODS="stripe:card")
    assert "demo is refused" in faults(**production, PAYMENT_METHODS="demo:demo")


def test_it_reads_a_banks_template_from_json_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "bank.json"
    file.write_text('{"delimiter": ";"}')
    assert read(BANK_FILE_TEMPLATE='{"delimiter": "|"}').bank_file_template == '{"delimiter": "|"}'
    assert read(BANK_FILE_TEMPLATE=str(file)).bank_file_template == '{"delimiter": ";"}'
    assert read().bank_file_template == ""


@pytest.mark.parametrize("value", ["{", "/nowhere/bank.json", "columns"])
def test_it_refuses_a_template_that_cannot_be_read(value: str) -> None:
    assert "BANK_FILE_TEMPLATE" in faults(BANK_FILE_TEMPLATE=value)
