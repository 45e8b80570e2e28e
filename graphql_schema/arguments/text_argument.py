"""Text that clients send and that goes to the database."""

from app.errors import InputError

MAX_NAME_SEARCH = 100


def read_text(text: str, argument: str, *, limit: int) -> str:
    """The text. Raises InputError naming the argument when it is longer than the limit or can't be stored."""
    if len(text) > limit:
        raise InputError(argument, f"has {len(text)} characters, more than the limit of {limit}")
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise InputError(argument, "has a character that no stored text has")
    return text
