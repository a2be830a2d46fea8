"""Payments over HTTP: what shoppers may choose, what providers send, what headquarters does."""

from groupbuy.payments.api import payments, reconciliations, webhooks
from groupbuy.payments.api.surface import api
from groupbuy.payments.api.webhooks import callbacks
from groupbuy.payments.api.webhooks import webhooks as stripe_webhooks

__all__ = ["api", "callbacks", "payments", "reconciliations", "stripe_webhooks", "webhooks"]
