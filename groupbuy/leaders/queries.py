"""Reads of leaders."""


def active_leader_id(*, shopper_id: str) -> str | None:
    """Return the active leader that a shopper is, if any."""
    return None
