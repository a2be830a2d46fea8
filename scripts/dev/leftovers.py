"""What a killed `make run` or `make replay` left behind, and how it ends.

Whatever is started is written down in the data folder with its time of birth, so that a process
id which another program got meanwhile is left alone.
"""

import json
import signal
import sys
from pathlib import Path

import psutil

from scripts.dev.services import postmaster

PATIENCE_SECONDS = 45


def remember(folder: Path, name: str, pid: int) -> None:
    """Write down a process that was started."""
    known = _read(folder)
    known[name] = {"pid": pid, "born": psutil.Process(pid).create_time()}
    _file(folder).write_text(json.dumps(known))


def end_leftovers(folder: Path) -> list[str]:
    """End the processes that are written down and still run, in that order; return their names.

    The first is `make run` itself, which ends the others when it is asked to stop.
    """
    ended = []
    for name, entry in _read(folder).items():
        process = _same(entry)
        if process is not None:
            _end([*process.children(recursive=True), process], first=process)
            ended.append(name)
    _file(folder).unlink(missing_ok=True)
    return ended


def stop_postgres(data: Path) -> bool:
    """Shut down a PostgreSQL that runs on a data folder; tell whether there was one."""
    server = postmaster(data)
    if server is not None:
        server.send_signal(signal.SIGINT)
        server.wait(PATIENCE_SECONDS)
    return server is not None


def _end(family: list[psutil.Process], *, first: psutil.Process) -> None:
    """Ask the first to stop, then kill whoever of the family is left."""
    first.terminate()
    _, alive = psutil.wait_procs(family, PATIENCE_SECONDS)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, PATIENCE_SECONDS)


def _same(entry: dict[str, float]) -> psutil.Process | None:
    try:
        process = psutil.Process(int(entry["pid"]))
        alive = process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return None
    return process if alive and process.create_time() == entry["born"] else None


def _file(folder: Path) -> Path:
    return folder / "processes.json"


def _read(folder: Path) -> dict[str, dict[str, float]]:
    try:
        return dict(json.loads(_file(folder).read_text()))
    except (OSError, ValueError):
        return {}


def main() -> None:
    """End everything that runs on the folders named on the command line."""
    for folder in map(Path, sys.argv[1:]):
        for name in end_leftovers(folder):
            print(f"Stopped {name}, which was left running.")
        for pid_file in folder.resolve().glob("**/postmaster.pid"):
            if stop_postgres(pid_file.parent):
                print("Stopped PostgreSQL, which was left running.")


if __name__ == "__main__":
    main()
