"""Who acts in a command: a member of staff, named by email, with the permission it needs."""

import click

from groupbuy.identity import queries
from groupbuy.identity.rules import permits
from groupbuy.kernel.access import Actor


def acting(email: str, permission: str) -> Actor:
    """Return a member of staff as an actor, or end the command with what is wrong."""
    staff = queries.staff_by_email(email)
    if staff is None or not staff.active:
        raise click.ClickException(f"No active member of staff has the email {email}.")
    if not permits(staff.role, permission):
        raise click.ClickException(f"{email} is {staff.role}, who may not {permission}.")
    return Actor(kind="staff", id=staff.id, role=staff.role)
