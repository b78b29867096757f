"""Given-up check: access that two people stopped removing is no standing access of a later grant.

It is owed until its exception is resolved. Of a log whose beginning is gone, only what is still in
it is known.
"""

from collections.abc import Mapping
from typing import Final

from ticketgate.domain.evidence import Json

_MAY_STAND: Final = "access_may_stand"


class GivenUpCheck:
    """Whose access to what was given up and may stand, as the records tell."""

    def __init__(self) -> None:
        self._given_up: dict[str, list[Json]] = {}  # by grant
        self._open: dict[str, list[Json]] = {}  # by exception

    def take(self, record: Mapping[str, Json], said: Mapping[str, Json]) -> str:
        """Take a move, with what is said of the thing by then; what is wrong with it, or nothing.

        A grant over access that stood before us was never ours to remove.
        """
        ident, kind = str(record["id"]), record["type"]
        if kind == "revocation.abandoned" and said.get("baseline") is not True:
            self._given_up[ident] = _named(record)
        elif kind == "exception.opened" and record["code"] == _MAY_STAND:
            if (of := self._given_up.get(str(record["about"]))) is not None:
                self._open[ident] = of
        elif kind == "exception.resolved":
            self._open.pop(ident, None)
        begun = kind == "grant.provisioning" and record["baseline"] is True
        wrong = begun and _named(record) in self._open.values()
        return "access that was given up, and may stand, is called standing access" if wrong else ""


def _named(record: Mapping[str, Json]) -> list[Json]:
    return [record[name] for name in ("subject", "target", "entitlement")]
