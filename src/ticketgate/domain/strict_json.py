"""One strict reader for every inbound byte (RFC 8259, RFC 7493 I-JSON, and our limits)."""

from collections.abc import Mapping, Sequence
from typing import Final

DEPTH_MAX: Final = 32
NUMBER_CHARS_MAX: Final = 20

JsonValue = str | int | float | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]


def read(body: bytes) -> JsonValue:
    """The value in `body`.

    Raises:
        StrictJsonError: not UTF-8, a BOM, not JSON, duplicate keys, NaN or infinities, a number
            past `NUMBER_CHARS_MAX` characters, deeper than `DEPTH_MAX`, a lone surrogate, NUL.
    """
    raise NotImplementedError
