"""What a misspelt word was probably meant to be."""

from collections.abc import Iterable


def closest(word: str, known: Iterable[str], default: str) -> str:
    """Return the known word that looks most like this one; the default if none does."""
    # Only refusals need it, and a process that starts a run has no time for difflib.
    from difflib import get_close_matches  # noqa: PLC0415 - see above

    return next(iter(get_close_matches(word, sorted(known), n=1)), default)
