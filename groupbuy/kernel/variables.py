"""The environment variables that configure us: one row each."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from groupbuy.kernel import readers

DEMO_SECRET = "a secret that everybody may know, for demos"
"""For demo mode only, where nothing is secret."""


class Mode(StrEnum):
    """How the process runs; `demo` must be asked for by name."""

    DEMO = "demo"
    PRODUCTION = "production"


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
