"""What only shows after a statement was sent so often that the driver prepares it."""

from flask import Flask

from groupbuy.kernel import clock
from groupbuy.kernel.db import transaction
from groupbuy.payments.services import payments

MORE_THAN_PREPARED = 12
"""psycopg prepares a statement on the server from its sixth execution on."""


def test_it_requests_payments_as_a_prepared_statement_too(app: Flask) -> None:
    for number in range(MORE_THAN_PREPARED):
        with transaction():
            made = payments.request_payment(
                reference=f"order-{number}", amount_fen=100, provider="demo", now=clock.now()
            )
        assert made.amount_fen == 100
