"""Typed text: why somebody decides something, as they typed it; kept with the evidence."""

from ticketgate.domain.errors import Refusal
from ticketgate.domain.text.pasted_secrets import mask
from ticketgate.domain.text.visible import told_chars


def bad_typed(code: str, text: str, *, chars_min: int, chars_max: int) -> Refusal | None:
    """Why a text does not do; `code`, `justification` or `reason`, is that of a wrong length.

    One with a secret in it, as `mask` finds it, is `secret_typed`: whoever typed it can still take
    it out, and nothing of it is kept.
    """
    said = told_chars(text)
    if said < chars_min or len(text.strip()) > chars_max:
        return Refusal(
            code,
            f"The {code} needs {chars_min} letters and digits, within {chars_max}"
            f" characters; it has {said}.",
        )
    if mask(text) != text:
        return Refusal(
            "secret_typed",
            f"The {code} seems to hold a password, a key or a token; nothing of it is kept.",
            "Take it out, or write it in other words; if it is one, change it where it counts.",
        )
    return None
