"""RunError: why the local stack cannot start or go on, as the one line that a person reads."""


class RunError(Exception):
    """Its text is complete: what is wrong, and what to do about it or where the log is."""
