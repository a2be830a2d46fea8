"""Creating and migrating databases by URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from flask_migrate import upgrade

from groupbuy.app.factory import create_app
from groupbuy.kernel.db import DATABASE_RULES, db
from groupbuy.kernel.settings import Settings
from groupbuy.kernel.variables import Mode


def sibling(url: str, name: str) -> str:
    """Return the URL of another database on the same server."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


def create(
    server_url: str, name: str, *, template: str = "template0", replace: bool = False
) -> None:
    """Create a database on the server that the URL points at."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        if replace:
            connection.execute(f'drop database if exists "{name}" with (force)'.encode())
        connection.execute(f'create database "{name}" template "{template}"'.encode())


def migrate(database_url: str, redis_url: str) -> None:
    """Bring a database to the newest migration."""
    with application(database_url, redis_url):
        upgrade()


def create_all(database_url: str, redis_url: str) -> None:
    """Create everything that the models declare, without a migration: for comparison."""
    with application(database_url, redis_url):
        _create_all()


@contextmanager
def application(database_url: str, redis_url: str) -> Iterator[None]:
    """Be inside the application on a database."""
    app = create_app(
        Settings(
            mode=Mode.DEMO,
            database_url=database_url,
            redis_url=redis_url,
            payment_provider="demo",
            log_level="WARNING",
            public_cache_milliseconds=0,
        )
    )
    with app.app_context():
        yield
        db.engine.dispose()


def _create_all() -> None:
    from procrastinate.schema import SchemaManager

    with db.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute(SchemaManager.get_schema())
        db.metadata.create_all(connection)
        for rule in DATABASE_RULES:
            for statement in rule.create():
                connection.exec_driver_sql(statement)
        connection.commit()
