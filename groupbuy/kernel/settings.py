"""Configuration: one frozen dataclass, from the environment only.

Every variable and its meaning is listed in `VARIABLES`; `docs/operations.md` prints the table.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import current_app

from groupbuy.kernel import readers
from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.sealing import DEMO_KEYS, KeyRing

EXTENSION = "groupbuy.settings"


DEMO_SECRET = "a secret that everybody may know, for demos"
"""For demo mode only, where nothing is secret."""


class Mode(StrEnum):
    """How the process runs; `demo` must be asked for by name."""

    DEMO = "demo"
    PRODUCTION = "production"


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


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: the field it sets, how it is read, what it means."""

    name: str
    field: str
    meaning: str
    read: Callable[[str], Any] = str
    needed_in: frozenset[Mode] = frozenset()


_ALWAYS = frozenset(Mode)
_PRODUCTION = frozenset({Mode.PRODUCTION})

VARIABLES = (
    Variable("GROUPBUY_MODE", "mode", "production, or demo (must be said)", Mode, _ALWAYS),
    Variable("DATABASE_URL", "database_url", "postgresql://…", readers.postgres, _ALWAYS),
    Variable("REDIS_URL", "redis_url", "redis://… (Redis or Valkey)", readers.redis, _ALWAYS),
    Variable("BUSINESS_TIMEZONE", "business_timezone", "days and months are its", readers.timezone),
    Variable("TRUSTED_PROXIES", "trusted_proxies", "reverse proxies in front of us", readers.count),
    Variable("LOG_LEVEL", "log_level", "DEBUG, INFO, WARNING, ERROR", readers.level),
    Variable("WECHAT_APP_ID", "wechat_app_id", "the mini-program's appid", str, _PRODUCTION),
    Variable("WECHAT_SECRET", "wechat_secret", "the mini-program's secret", str, _PRODUCTION),
    Variable("WECHAT_API_URL", "wechat_api_url", "WeChat's API, for a test double"),
    Variable("STRIPE_API_KEY", "stripe_api_key", "Stripe's secret key"),
    Variable("STRIPE_WEBHOOK_SECRET", "stripe_webhook_secret", "signs Stripe's events"),
    Variable("STRIPE_API_URL", "stripe_api_url", "Stripe's API, for a test double"),
    Variable(
        "PAYMENT_PROVIDER",
        "payment_provider",
        "stripe or wechatpay; demo in demo mode",
        readers.provider,
    ),
    Variable(
        "PAYMENT_METHODS",
        "payment_methods",
        "what shoppers may choose, such as wechatpay:jsapi,stripe:card; if not set, what "
        "PAYMENT_PROVIDER does by itself",
        readers.methods,
    ),
    Variable(
        "SHOPPER_SESSION_DAYS", "shopper_session_days", "a shopper's login lasts", readers.count
    ),
    Variable("STAFF_SESSION_HOURS", "staff_session_hours", "a staff login lasts", readers.count),
    Variable(
        "ORDER_EXPIRY_MINUTES", "order_expiry_minutes", "unpaid orders are kept", readers.count
    ),
    Variable(
        "FLASH_EXPIRY_MINUTES", "flash_expiry_minutes", "… of a flash sale are", readers.count
    ),
    Variable("AFTER_SALE_HOURS", "after_sale_hours", "from pickup to completion", readers.count),
    Variable(
        "AFTER_SALE_DECISION_HOURS",
        "after_sale_decision_hours",
        "staff decide on an after-sale within",
        readers.count,
    ),
    Variable(
        "AFTER_SALE_AUTOMATIC_FEN",
        "after_sale_automatic_fen",
        "what nobody decided in time is approved up to, per order",
        readers.count,
    ),
    Variable(
        "AFTER_SALE_RETURN_DAYS",
        "after_sale_return_days",
        "goods must be back within",
        readers.count,
    ),
    Variable(
        "LEADER_CORRECTION_FEN",
        "leader_correction_fen",
        "a leader corrects an order without staff up to",
        readers.count,
    ),
    Variable(
        "PICKUP_UNDO_MINUTES", "pickup_undo_minutes", "a pickup may be undone for", readers.count
    ),
    Variable(
        "UNCLAIMED_AFTER_DAYS",
        "unclaimed_after_days",
        "goods without a pickup window wait",
        readers.count,
    ),
    Variable(
        "UNCLAIMED_GRACE_HOURS",
        "unclaimed_grace_hours",
        "from the reminder to the campaign's rule for what nobody fetched",
        readers.count,
    ),
    Variable("DELIVERY_FEE_FEN", "delivery_fee_fen", "on an order from the house", readers.count),
    Variable(
        "FREE_DELIVERY_FROM_FEN",
        "free_delivery_from_fen",
        "goods for so much; 0: never",
        readers.count,
    ),
    Variable("HOLD_DAYS", "hold_days", "local days from month end to the cutoff", readers.count),
    Variable(
        "MIN_PAYOUT_FEN", "min_payout_fen", "smaller amounts are carried forward", readers.count
    ),
    Variable(
        "STATEMENT_CONFIRM_DAYS",
        "statement_confirm_days",
        "silence confirms after so many",
        readers.count,
    ),
    Variable(
        "MAX_TOTAL_BPS", "max_total_bps", "the most a commission plan may promise", readers.count
    ),
    Variable(
        "RECRUITER_OVERRIDE_ALLOWED",
        "recruiter_override_allowed",
        "plans may pay recruiters; only after counsel agreed",
        readers.flag,
    ),
    Variable(
        "PAYOUT_ACCOUNT_KEYS",
        "payout_account_keys",
        "encrypt payout accounts: id:base64 of 32 bytes, …; the first one encrypts",
        readers.key_ring,
        _PRODUCTION,
    ),
    Variable(
        "PAYOUT_ACCOUNT_WAIT_HOURS",
        "payout_account_wait_hours",
        "a changed payout account is used after",
        readers.count,
    ),
    Variable("WECHAT_PAY_MCH_ID", "wechat_pay_mch_id", "WeChat Pay: our merchant number"),
    Variable(
        "WECHAT_PAY_KEY",
        "wechat_pay_key",
        "our API private key: PEM or its file",
        readers.private_key,
    ),
    Variable("WECHAT_PAY_CERT_SERIAL", "wechat_pay_cert_serial", "our API certificate's serial"),
    Variable(
        "WECHAT_PAY_PUBLIC_KEY",
        "wechat_pay_public_key",
        "WeChat Pay's: PEM or file",
        readers.public_key,
    ),
    Variable("WECHAT_PAY_PUBLIC_KEY_ID", "wechat_pay_public_key_id", "its id, PUB_KEY_ID_…"),
    Variable("WECHAT_PAY_API_URL", "wechat_pay_api_url", "WeChat Pay's API, for a test double"),
    Variable(
        "PICTURES_URL",
        "pictures_url",
        "where pictures are kept: file:///folder or s3+https://ACCESS:SECRET@host/bucket?region=…",
        readers.pictures,
        _PRODUCTION,
    ),
    Variable(
        "PUBLIC_URL",
        "public_url",
        "where people's browsers reach us, https://…: what printed codes lead to",
        readers.public_url,
    ),
    Variable(
        "WECHAT_PAY_API_V3_KEY",
        "wechat_pay_api_v3_key",
        "opens WeChat Pay's callbacks: 32 characters",
        readers.api_v3_key,
    ),
    Variable(
        "WECHAT_PAY_NOTIFY_URL",
        "wechat_pay_notify_url",
        "where its callbacks go: https://…/webhooks/wechatpay",
        readers.notify_url,
    ),
    Variable(
        "BANK_FILE_TEMPLATE",
        "bank_file_template",
        "a bank's files: JSON or its file",
        readers.json_text,
    ),
    Variable(
        "PUBLIC_CACHE_MILLISECONDS",
        "public_cache_milliseconds",
        "public pages may be served from Redis as they were so long ago; 0 for never, at most 900",
        readers.cache_time,
    ),
    Variable(
        "TRAINING_SECRET",
        "training_secret",
        "check-in codes and calendar addresses are made from it: 32 characters or more",
        readers.secret,
        _PRODUCTION,
    ),
    Variable(
        "TRAINING_WEEK_SESSIONS",
        "training_week_sessions",
        "live sessions that a leader is to attend each week",
        readers.count,
    ),
    Variable(
        "COACHING_HEAD_BPS", "coaching_head_bps", "the head's share of leaders", readers.share
    ),
    Variable(
        "COACHING_UPPER_BPS",
        "coaching_upper_bps",
        "the share of all leaders above the tail",
        readers.share,
    ),
    Variable(
        "COACHING_NEW_DAYS",
        "coaching_new_days",
        "leaders are new, and not ranked, for so long",
        readers.count,
    ),
    Variable(
        "TRAINING_EFFECT_MIN_GROUP",
        "training_effect_min_group",
        "averages of fewer leaders are not shown",
        readers.count,
    ),
)

WECHAT_PAY = (
    "WECHAT_PAY_MCH_ID",
    "WECHAT_PAY_KEY",
    "WECHAT_PAY_CERT_SERIAL",
    "WECHAT_PAY_PUBLIC_KEY",
    "WECHAT_PAY_PUBLIC_KEY_ID",
)
"""All of them or none, and then WECHAT_APP_ID too: openids are those of the mini-program."""

WECHAT_PAY_IN = ("WECHAT_PAY_API_V3_KEY", "WECHAT_PAY_NOTIFY_URL")
"""What taking money through WeChat Pay needs besides: both or none, and then WECHAT_PAY too."""

STRIPE = ("STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET")


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
