"""Secrets: only `env:NAME` or `file:PATH`; never in a setting, never readable by others."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ticketgate.adapters.files.places import Place
from ticketgate.domain.schemes.common import SECRET_BYTES_MIN, Scheme
from ticketgate.domain.schemes.samples import KNOWN_SAMPLES, SAMPLE_KEYS

SECRET_BYTES_MAX: Final = 4096
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class SecretReader:
    """Resolves references; `file:` paths start at `folder`."""

    folder: Path
    environ: Mapping[str, str]

    def text(self, place: Place | None) -> str | None:
        """The secret that a place refers to, of at least 24 bytes."""
        found = self.any_text(place)
        if place is None or found is None:
            return None
        if len(found.encode()) < SECRET_BYTES_MIN:
            place.fault(f"the secret is shorter than {SECRET_BYTES_MIN} bytes")
            return None
        return found

    def key(self, place: Place, scheme: Scheme) -> bytes | None:
        """The key that a place refers to, in the form of `scheme`."""
        text = self.any_text(place)
        if text is None:
            return None
        try:
            key = scheme.key(text)
        except ValueError as fault:
            place.fault(str(fault))
            return None
        if key in SAMPLE_KEYS:
            place.fault("this secret is a published sample; make one of your own")
            return None
        return key

    def any_text(self, place: Place | None) -> str | None:
        """The secret that a place refers to, of any length (a password somebody else chose)."""
        reference = None if place is None else place.text()
        if place is None or reference is None:
            return None
        scheme, _, rest = reference.partition(":")
        if scheme == "env" and rest:
            found = self.environ.get(rest)
            if found is None:
                place.fault(f"the environment variable {rest} is not set")
        elif scheme == "file" and rest:
            found = self._file(rest, place)
        else:
            place.fault("a secret is written as env:NAME or file:PATH, never here itself")
            return None
        return None if found is None else _clean(found, place)

    def _file(self, name: str, place: Place) -> str | None:
        try:
            with (self.folder / name).open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                if mode & _OTHERS:
                    place.fault(f"{name} can be read by others; chmod 600 {name}")
                    return None
                return file.read(SECRET_BYTES_MAX + 1).decode()
        except OSError as fault:
            place.fault(f"{name} cannot be read: {fault.strerror or 'no such file'}")
        except ValueError:  # not UTF-8, or a NUL in the path
            place.fault(f"{name} does not hold text")
        return None


def _clean(text: str, place: Place) -> str | None:
    text = text.strip("\r\n")
    if not text or len(text.encode(errors="replace")) > SECRET_BYTES_MAX:
        place.fault(f"the secret is empty or longer than {SECRET_BYTES_MAX} bytes")
    elif not text.isprintable():
        place.fault("the secret holds a line break or a control character")
    elif text in KNOWN_SAMPLES:
        place.fault("this secret is a published sample; make one of your own")
    else:
        return text
    return None
