"""The one error that ends a verb of `python -m embedded_aws`."""


class CannotRun(Exception):
    """Something outside of us is missing or in the way; the message is for the user."""
