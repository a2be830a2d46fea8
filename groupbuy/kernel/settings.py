"""Configuration: one frozen dataclass, from the environment only.

Every variable and its meaning is listed in kernel/variables.py and docs/configuration.md.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import current_app

from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.sealing import DEMO_KEYS, KeyRing
from groupbuy.kernel.variables import (
    DEMO_SECRET,
    STRIPE,
    VARIABLES,
    WECHAT_PAY,
    WECHAT_PAY_IN,
    Mode,
)

EXTENSION = "groupbuy.settings"


class ConfigurationError(Exception):
    """The environment does not make a configuration; the message lists every fault."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that an operator sets. Durations carry their unit in the name."""

    mode: Mode
    database_url: str
    redis_url: str
    business_timezone: str = "Asia/Shanghai"
    log_level: str = "INFO"
    trusted_proxies: int = 0
    wechat_app_id: str = ""
    wechat_secret: str = ""
    wechat_api_url: str = "https://api.weixin.qq.com"
    stripe_api_key: str = ""
    stripe_webhook_secret: str = ""
    stripe_api_url: str = "https://api.stripe.com"
    payment_provider: str = "stripe"
    payment_methods: str = ""
    currency: str = "cny"
    shopper_session_days: int = 30
    staff_session_hours: int = 12
    order_expiry_minutes: int = 30
    flash_expiry_minutes: int = 10
    after_sale_hours: int = 24
    after_sale_decision_hours: int = 48
    after_sale_automatic_fen: int = 5_000
    after_sale_return_days: int = 7
    leader_correction_fen: int = 2_000
    pickup_undo_minutes: int = 10
    unclaimed_after_days: int = 3
    unclaimed_grace_hours: int = 24
    delivery_fee_fen: int = 0
    free_delivery_from_fen: int = 0
    hold_days: int = 7
    min_payout_fen: int = 10_000
    statement_confirm_days: int = 3
    max_total_bps: int = 3_000
    recruiter_override_allowed: bool = False
    payout_account_keys: str = ""
    payout_account_wait_hours: int = 24
    wechat_pay_mch_id: str = ""
    wechat_pay_key: str = ""
    wechat_pay_cert_serial: str = ""
    wechat_pay_public_key: str = ""
    wechat_pay_public_key_id: str = ""
    wechat_pay_api_url: str = "https://api.mch.weixin.qq.com"
    wechat_pay_api_v3_key: str = ""
    wechat_pay_notify_url: str = ""
    bank_file_template: str = ""
    pictures_url: str = ""
    public_url: str = ""
    public_cache_milliseconds: int = 700
    training_secret: str = ""
    training_week_sessions: int = 3
    coaching_head_bps: int = 2_000
    coaching_upper_bps: int = 8_000
    coaching_new_days: int = 30
    training_effect_min_group: int = 5

    @property
    def demo(self) -> bool:
        """Tell whether demo logins and the demo payment provider are allowed."""
        return self.mode is Mode.DEMO

    @property
    def calendar(self) -> Calendar:
        """Return the business calendar."""
        return Calendar(ZoneInfo(self.business_timezone))

    @property
    def payout_key_ring(self) -> KeyRing:
        """Return the keys of payout accounts; in demo mode one that everybody may know."""
        return KeyRing.parse(self.payout_account_keys or (DEMO_KEYS if self.demo else ""))

    @property
    def training_key(self) -> bytes:
        """Return what check-in codes and calendar addresses are derived from."""
        return (self.training_secret or (DEMO_SECRET if self.demo else "")).encode()

    @property
    def sqlalchemy_url(self) -> str:
        """Return the database URL with the driver that SQLAlchemy is to use."""
        scheme, separator, rest = self.database_url.partition("://")
        return f"postgresql+psycopg{separator}{rest}" if scheme else ""


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings.

    Raises:
        ConfigurationError: with the full list of what is missing or wrong. An unset
            GROUPBUY_MODE counts as missing: nothing falls back to demo mode.
    """
    values, faults = _read(environment)
    mode = values.get("mode", Mode.PRODUCTION)
    for variable in VARIABLES:
        if mode in variable.needed_in and not environment.get(variable.name):
            faults.append(f"{variable.name} is missing: {variable.meaning}")
    if mode is Mode.DEMO:
        values.setdefault("payment_provider", "demo")
    faults += _faults_of_providers(environment, mode, _providers_used(values))
    if values.get("coaching_head_bps", 2_000) > values.get("coaching_upper_bps", 8_000):
        faults.append("COACHING_HEAD_BPS: must not be more than COACHING_UPPER_BPS")
    if faults:
        raise ConfigurationError("\n".join(["The configuration is not complete:", *faults]))
    return Settings(**values)


def _providers_used(values: Mapping[str, Any]) -> set[str]:
    """Return the providers that shoppers pay through."""
    offered = [pair for pair in values.get("payment_methods", "").split(",") if pair]
    return {values.get("payment_provider", "stripe"), *(one.partition(":")[0] for one in offered)}


def _faults_of_providers(
    environment: Mapping[str, str], mode: Mode, used: set[str]
) -> Iterator[str]:
    """Yield which keys of payment providers are missing, all of a provider's or none."""

    def lacking(*names: str) -> list[str]:
        return [name for name in names if not environment.get(name)]

    if "demo" in used and mode is not Mode.DEMO:
        yield "PAYMENT_PROVIDER: demo is refused outside GROUPBUY_MODE=demo"
    stripe = lacking(*STRIPE)
    if stripe and (mode is Mode.PRODUCTION and ("stripe" in used or len(stripe) < len(STRIPE))):
        yield from (f"{name} is missing: payments through Stripe need it" for name in stripe)
    taking = "wechatpay" in used or len(lacking(*WECHAT_PAY_IN)) < len(WECHAT_PAY_IN)
    missing = lacking(*WECHAT_PAY, "WECHAT_APP_ID", *(WECHAT_PAY_IN if taking else ()))
    if missing and (taking or len(lacking(*WECHAT_PAY)) < len(WECHAT_PAY)):
        yield f"WeChat Pay needs all of its variables; missing: {', '.join(missing)}"


def _read(environment: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {}
    faults: list[str] = []
    for variable in VARIABLES:
        text = environment.get(variable.name, "")
        if text:
            try:
                values[variable.field] = variable.read(text)
            except ValueError as error:
                faults.append(f"{variable.name}: {error}")
    return values, faults


def settings() -> Settings:
    """Return the settings of the running application."""
    return cast(Settings, current_app.extensions[EXTENSION])


def defaults() -> dict[str, Any]:
    """Return each optional field's default, for the documentation."""
    return {field.name: field.default for field in fields(Settings)}
