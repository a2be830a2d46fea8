"""Gunicorn's settings, for `make run` and for production; the command line may override them."""

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

_numbers = os.environ.get("PROMETHEUS_MULTIPROC_DIR")


def on_starting(server: Any) -> None:
    """Begin with no numbers of dead processes."""
    if _numbers:
        Path(_numbers).mkdir(parents=True, exist_ok=True)
        for file in Path(_numbers).glob("*.db"):
            file.unlink()


def child_exit(server: Any, worker: Any) -> None:
    """Take a dead worker's live gauges out of /metrics."""
    if _numbers:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)
