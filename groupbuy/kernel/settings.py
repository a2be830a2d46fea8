"""Configuration: one frozen dataclass, from the environment only.

Every variable and its meaning is listed in `VARIABLES`; `docs/operations.md` prints the table.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import current_app

from groupbuy.kernel.clock import Calendar

EXTENSION = "groupbuy.settings"


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
    currency: str = "cny"
    shopper_session_days: int = 30
    staff_session_hours: int = 12
    order_expiry_minutes: int = 30
    after_sale_hours: int = 24
    pickup_undo_minutes: int = 10
    hold_days: int = 7
    min_payout_fen: int = 10_000
    statement_confirm_days: int = 3
    max_total_bps: int = 3_000

    @property
    def demo(self) -> bool:
        """Tell whether demo logins and the demo payment provider are allowed."""
        return self.mode is Mode.DEMO

    @property
    def calendar(self) -> Calendar:
        """Return the business calendar."""
        return Calendar(ZoneInfo(self.business_timezone))

    @property
    def sqlalchemy_url(self) -> str:
        """Return the database URL with the driver that SQLAlchemy is to use."""
        scheme, separator, rest = self.database_url.partition("://")
        return f"postgresql+psycopg{separator}{rest}" if scheme else ""


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("not a time zone such as Asia/Shanghai") from error
    return value


def _count(value: str) -> int:
    if not value.isdecimal():
        raise ValueError("must be a whole number, 0 or more")
    return int(value)


def _level(value: str) -> str:
    if value not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
    return value


def _redis(value: str) -> str:
    if not value.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must begin with redis://, rediss:// or unix://")
    return value


def _postgres(value: str) -> str:
    if not value.startswith(("postgresql://", "postgres://")):
        raise ValueError("must begin with postgresql://; no other database is supported")
    return value


def _provider(value: str) -> str:
    if value not in ("stripe", "demo"):
        raise ValueError("must be stripe or demo")
    return value


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
    Variable("DATABASE_URL", "database_url", "postgresql://…", _postgres, _ALWAYS),
    Variable("REDIS_URL", "redis_url", "redis://… (Redis or Valkey)", _redis, _ALWAYS),
    Variable("BUSINESS_TIMEZONE", "business_timezone", "days and months are its", _timezone),
    Variable("TRUSTED_PROXIES", "trusted_proxies", "reverse proxies in front of us", _count),
    Variable("LOG_LEVEL", "log_level", "DEBUG, INFO, WARNING, ERROR", _level),
    Variable("WECHAT_APP_ID", "wechat_app_id", "the mini-program's appid", str, _PRODUCTION),
    Variable("WECHAT_SECRET", "wechat_secret", "the mini-program's secret", str, _PRODUCTION),
    Variable("WECHAT_API_URL", "wechat_api_url", "WeChat's API, for a test double"),
    Variable("STRIPE_API_KEY", "stripe_api_key", "Stripe's secret key", str, _PRODUCTION),
    Variable(
        "STRIPE_WEBHOOK_SECRET", "stripe_webhook_secret", "signs Stripe's events", str, _PRODUCTION
    ),
    Variable("STRIPE_API_URL", "stripe_api_url", "Stripe's API, for a test double"),
    Variable("PAYMENT_PROVIDER", "payment_provider", "stripe, or demo in demo mode", _provider),
    Variable("SHOPPER_SESSION_DAYS", "shopper_session_days", "a shopper's login lasts", _count),
    Variable("STAFF_SESSION_HOURS", "staff_session_hours", "a staff login lasts", _count),
    Variable("ORDER_EXPIRY_MINUTES", "order_expiry_minutes", "unpaid orders are kept", _count),
    Variable("AFTER_SALE_HOURS", "after_sale_hours", "from pickup to completion", _count),
    Variable("PICKUP_UNDO_MINUTES", "pickup_undo_minutes", "a pickup may be undone for", _count),
    Variable("HOLD_DAYS", "hold_days", "local days from month end to the cutoff", _count),
    Variable("MIN_PAYOUT_FEN", "min_payout_fen", "smaller amounts are carried forward", _count),
    Variable(
        "STATEMENT_CONFIRM_DAYS", "statement_confirm_days", "silence confirms after so many", _count
    ),
    Variable("MAX_TOTAL_BPS", "max_total_bps", "the most a commission plan may promise", _count),
)


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
    elif values.get("payment_provider") == "demo":
        faults.append("PAYMENT_PROVIDER: demo is refused outside GROUPBUY_MODE=demo")
    if faults:
        raise ConfigurationError("\n".join(["The configuration is not complete:", *faults]))
    return Settings(**values)


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
