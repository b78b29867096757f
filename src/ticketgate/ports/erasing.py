"""What erasure asks of the store, and what it takes away."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Protocol

from ticketgate.domain.log.erasure import Counted, HiddenValue, Standing


class Erasing(Protocol):
    """Takes away only; the records that say so are the operation's own."""

    def of_person(self, subject: str) -> list[HiddenValue]:
        """What is given of a person.

        That is what names them, and what is about tickets and requests that they opened, would
        have received or edited.
        """

    def at(self, index: int) -> list[HiddenValue]:
        """What is given of one record."""

    def before(self, moment: datetime, place: tuple[int, str], most: int) -> list[HiddenValue]:
        """What records from before that moment give, the oldest first; actors left out.

        At most `most`, behind the one of that index and digest.
        """

    def counts(self, subject: str | None) -> list[Counted]:
        """The values by kind and person, of one person or of all."""

    def request(self, ident: str) -> Standing:
        """Where a request stands, its ticket and its grants counted in."""

    def ticket(self, ident: str) -> Standing:
        """Where a ticket stands (our id), its requests and grants counted in."""

    def emergency(self, ident: str) -> Standing:
        """Where an emergency stands, its review and its grant counted in."""

    def person(self, subject: str) -> Standing:
        """Where everything stands in which a person asked, received, edited or approved."""

    def subject(self, actor: str) -> str | None:
        """Whom an actor stands for."""

    def erase(self, digests: Iterable[str]) -> None:
        """Set the values to NULL."""

    def blank_request(self, ident: str) -> None:
        """Leave of a request, and of its grants, what entries hold in clear."""

    def blank_ticket(self, ident: str, revisions: Collection[int]) -> int:
        """Drop a ticket's content, if it is of one of these revisions, and its raw bodies.

        Returns how many bodies.
        """

    def blank_exception(self, ident: str) -> None:
        """Leave of an exception what entries hold in clear."""

    def drop_body(self, delivery: str) -> int:
        """Drop the raw body of a delivery that does not wait; returns how many."""

    def forget(self, subject: str, actor: str) -> None:
        """Put the actor in place of the subject wherever a table names them; end their sessions."""
