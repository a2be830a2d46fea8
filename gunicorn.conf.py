"""Gunicorn's settings, for `make run` and for production; the command line may override them."""

import gc
import os
from pathlib import Path
from typing import Any

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
timeout = 60
graceful_timeout = 10
keepalive = 5
control_socket_disable = True

preload_app = True
"""The application is made once, and its workers share that memory; a new one needs a restart."""


_numbers = os.environ.get("PROMETHEUS_MULTIPROC_DIR")


def on_starting(server: Any) -> None:
    """Begin with no numbers of dead processes."""
    if _numbers:
        Path(_numbers).mkdir(parents=True, exist_ok=True)
        for file in Path(_numbers).glob("*.db"):
            file.unlink()


def pre_fork(server: Any, worker: Any) -> None:
    """Leave what the application is made of to no collection: looking at it would copy it."""
    gc.collect()
    gc.freeze()


def child_exit(server: Any, worker: Any) -> None:
    """Take a dead worker's live gauges out of /metrics."""
    if _numbers:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)
