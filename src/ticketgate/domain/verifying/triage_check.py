"""Triage check: a request's record that names triagers names all whom the log knows to be some.

Of a log whose beginning is gone, only words that are still in it are known.
"""

from collections.abc import Mapping

from ticketgate.domain.evidence import Json


class TriageCheck:
    """Who said of which ticket that it is an identity event, as the records tell."""

    def __init__(self) -> None:
        self._said: dict[str, set[str]] = {}

    def take(self, record: Mapping[str, Json]) -> str:
        """Take a move of a ticket or a request; what is wrong with it, or nothing.

        That `triagers` is a list of actors is looked at elsewhere.
        """
        person, ticket, named = (record.get(one) for one in ("person", "ticket", "triagers"))
        if record["on"] == "ticket" and [record["to"], record["cause"]] == ["identity", "triage"]:
            self._said.setdefault(str(record["id"]), set()).add(str(person))
        if record["on"] != "request" or not isinstance(named, list):
            return ""
        left_out = self._said.get(str(ticket), set()) - {str(one) for one in named}
        return "triagers without one who said what the ticket is" if left_out else ""
