"""Alembic's environment: migrations run inside a `flask db` command or `scripts.dev.database`."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import context
from flask import current_app

from groupbuy.kernel.db import Instant, db
from groupbuy.kernel.ids import Id

PROCRASTINATE = "procrastinate_"


def render_item(kind: str, item: Any, autogen: Any) -> str | bool:
    """Write our column types as the plain types that PostgreSQL sees."""
    if kind == "type" and isinstance(item, Id):
        return "sa.Uuid()"
    if kind == "type" and isinstance(item, Instant):
        return "sa.TIMESTAMP(timezone=True)"
    return False


def include_name(name: str | None, kind: str, parents: Any) -> bool:
    """Leave the job library's own tables alone."""
    return not (kind == "table" and str(name).startswith(PROCRASTINATE))


def skip_empty(migration: Any, revision: Iterable[str], directives: list[Any]) -> None:
    """Write no file when nothing changed."""
    if (
        getattr(context.config.cmd_opts, "autogenerate", False)
        and directives[0].upgrade_ops.is_empty()
    ):
        directives[:] = []


def run() -> None:
    """Apply migrations, each in its own transaction, one process at a time."""
    engine = db.engine
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_item=render_item,
            include_name=include_name,
            process_revision_directives=skip_empty,
            compare_type=True,
            transaction_per_migration=True,
        )
        connection.execute(sa.text("select pg_advisory_lock(7420001)"))
        connection.commit()
        try:
            with context.begin_transaction():
                context.run_migrations()
        finally:
            connection.rollback()
            connection.execute(sa.text("select pg_advisory_unlock(7420001)"))
            connection.commit()


if context.is_offline_mode():
    raise SystemExit("Offline SQL is not supported; point DATABASE_URL at a database.")
with current_app.app_context():
    run()
