"""What can go wrong on one person's machine, in words that person can act on."""


class LocalStackError(Exception):
    """The local stack cannot start or go on; the message says what to do."""
