"""What a channel raises where there is no Outcome to say it in."""


class ListUnavailable(Exception):
    """A channel's list of transfers could not be read to its end: what was read is not the list."""
