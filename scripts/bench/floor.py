"""The smallest Flask views that do what the shop does: what the framework's cost is measured by.

Served by the same gunicorn with the same configuration. `BENCH_PLAN` names the file that
scripts/bench/shop.py wrote: pages as bytes in Redis, and recipes of SQL.
"""

import os
import pickle
import threading
from pathlib import Path
from typing import Any

import orjson
import psycopg
import redis
from flask import Flask, Response, request
from psycopg.rows import dict_row

from scripts.bench.capture import Recipe, Transaction

app = Flask(__name__)
_recipes: dict[str, Recipe] = pickle.loads(Path(os.environ["BENCH_PLAN"]).read_bytes())
_redis = redis.Redis.from_url(os.environ["REDIS_URL"])
_local = threading.local()


@app.get("/healthz")
def healthz() -> Response:
    """Answer as long as the process can."""
    return Response(b"{}", mimetype="application/json")


@app.get("/bytes/<name>")
def bytes_from_redis(name: str) -> Response:
    """Return a page that lies in Redis."""
    return Response(_redis.get(f"bench:{name}"), mimetype="application/json")


@app.get("/sql/<recipe>/<name>")
def rows_from_sql(recipe: str, name: str) -> Response:
    """Run a read's SQL and return the rows."""
    rows: list[Any] = []
    with _connection().cursor(row_factory=dict_row) as cursor:
        for transaction in _recipes[recipe].requests[name]:
            for statement in transaction:
                cursor.execute(statement.sql.encode(), statement.rows[0])
                rows.append(cursor.fetchall())
    return Response(orjson.dumps(rows), mimetype="application/json")


@app.post("/do/<recipe>/<name>")
def same_transactions(recipe: str, name: str) -> Response:
    """Do a request's transactions for another shopper and other SKUs, with new ids."""
    known = _recipes[recipe]
    swap = known.swap(**orjson.loads(request.get_data()))
    for transaction in known.requests[name]:
        _do(transaction, swap)
    return Response(orjson.dumps(known.answers[name]), mimetype="application/json")


def _do(transaction: Transaction, swap: dict[str, str]) -> None:
    connection = _connection()
    with connection.transaction(), connection.cursor() as cursor:
        for statement in transaction:
            rows = statement.filled(swap)
            if statement.many:
                cursor.executemany(statement.sql.encode(), rows)
                continue
            cursor.execute(statement.sql.encode(), rows[0])
            if cursor.description:
                cursor.fetchall()


def _connection() -> psycopg.Connection[Any]:
    """Return this thread's own connection."""
    if not hasattr(_local, "connection"):
        _local.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    connection: psycopg.Connection[Any] = _local.connection
    return connection
