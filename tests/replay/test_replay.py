"""The command itself, as a person runs it: killed in the middle, run again, run once more."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from groupbuy.kernel.settings import Settings
from scripts.dev.database import sibling
from scripts.dev.services import ROOT
from scripts.replay_run import DATABASE
from tests.replay import oracle

PLAN = {"mode": "whole", "tiers": [[0, 500], [300_000, 900], [700_000, 1_333]]}


class Command:
    """`scripts/replay.py` for one store and a plan of ours."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.server_url = settings.database_url
        self.out = folder / "out.json"
        plan = folder / "plan.json"
        plan.write_text(json.dumps(PLAN))
        options = ["--stores=1", "--months=2017-02", f"--plan={plan}", f"--json={self.out}"]
        self.line = [sys.executable, "scripts/replay.py", *options]
        self.environment = {**os.environ, "DATABASE_URL": self.server_url}

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.line,
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self) -> str:
        with self.start() as process:
            output, _ = process.communicate()
        assert process.returncode == 0, output
        return output

    def wait_for_orders(self, count: int, process: "subprocess.Popen[str]") -> None:
        query = "select count(*) from replay_names where kind = 'order'"
        while process.poll() is None:
            time.sleep(0.2)
            try:
                with psycopg.connect(sibling(self.server_url, DATABASE)) as connection:
                    row = connection.execute(query).fetchone()
            except psycopg.Error:
                continue
            if row is not None and row[0] >= count:
                return
        raise AssertionError(process.communicate()[0])


@pytest.mark.long
def test_it_gives_what_the_oracle_says_though_it_was_killed(
    settings: Settings, tmp_path: Path
) -> None:
    command = Command(settings, tmp_path)
    for orders, number in ((20, signal.SIGKILL), (60, signal.SIGINT)):
        with command.start() as process:
            command.wait_for_orders(orders, process)
            process.send_signal(number)
            output, _ = process.communicate()
        assert process.returncode in (-signal.SIGKILL, 130), output
    assert "Going on at event" in command.run()
    result = json.loads(command.out.read_text())
    assert result.pop("seconds") > 0
    assert result == oracle.expected(1, ["2017-02"], PLAN)
    assert "finished earlier" in command.run()
