"""The command groups, found by the registry."""

from flask.cli import AppGroup

jobs = AppGroup("jobs", help="The job worker.")


@jobs.command("work")
def work() -> None:
    """Run jobs in the foreground until stopped."""
    from flask import current_app

    from groupbuy.kernel.jobs import work_off

    work_off(current_app._get_current_object())  # type: ignore[attr-defined]
