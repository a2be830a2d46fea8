"""A process that is killed (SIGKILL) at a chosen point of its work: `python -m tests.crash`.

Reads from standard input what to do, as JSON: `settings`, `at` (the clock), `victim`
(`package.module:function`, the point), `when` (`before` or `after` it), `nth` (at which call of
it), `constants` ({`package.module:NAME`: value}, to be set before), and either `request` (method,
path, body, token, key) or `job` (its name, or PENDING for all that are due).
"""

import importlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from datetime import datetime
from functools import reduce
from itertools import count
from typing import Any

from groupbuy.app.factory import create_app
from groupbuy.kernel import jobs
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.settings import Settings
from groupbuy.kernel.variables import Mode

PENDING = "pending"


def killed(settings: Settings, at: datetime, victim: str, when: str, **work: Any) -> None:
    """Run the work in a process of its own and check that it died at the chosen point.

    `work` is a `request` or a `job`, and if need be `nth` and `constants`.
    """
    task = {"settings": asdict(settings), "at": at.isoformat(), "victim": victim, "when": when}
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash"],
        input=json.dumps(task | work),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, (done.returncode, done.stdout, done.stderr[-3000:])


def _doom(victim: str, when: str, nth: int) -> None:
    owner, name = _found(victim)
    original = getattr(owner, name)
    calls = count(1)

    def doomed(*args: Any, **kwargs: Any) -> Any:
        last = next(calls) == nth
        result = original(*args, **kwargs) if not last or when == "after" else None
        if last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, doomed)


def _found(place: str) -> tuple[Any, str]:
    """Return the owner of `package.module:path` and the last name."""
    module_name, path = place.split(":")
    *owners, name = path.split(".")
    return reduce(getattr, owners, importlib.import_module(module_name)), name


def main() -> None:
    """Do what standard input says, until killed."""
    task = json.load(sys.stdin)
    given = task["settings"] | {"mode": Mode(task["settings"]["mode"])}
    app = create_app(Settings(**given), ticking=ManualClock(datetime.fromisoformat(task["at"])))
    for place, value in task.get("constants", {}).items():
        setattr(*_found(place), value)
    _doom(task["victim"], task["when"], task.get("nth", 1))
    if "job" in task:
        with app.app_context():
            jobs.run_pending() if task["job"] == PENDING else jobs.JOBS[task["job"]]()
        return
    request = task["request"]
    answer = app.test_client().open(
        f"/api/v1{request['path']}",
        method=request["method"],
        json=request["body"],
        headers={
            "Authorization": f"Bearer {request['token']}",
            "Idempotency-Key": request["key"],
        },
    )
    sys.stdout.write(f"{answer.status_code} {answer.text}")


if __name__ == "__main__":
    main()
