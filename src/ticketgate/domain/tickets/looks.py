"""Looks: the values of one field of a ticket, ready for matching, or why there are none."""

from collections.abc import Callable
from typing import Final, Protocol

from ticketgate.domain.text.folding import FoldedText, apart, is_plain
from ticketgate.domain.text.text_forms import Forms, forms_of, has_digit, leet_forms
from ticketgate.domain.text.visible import visible
from ticketgate.domain.tickets.identity_event import Outcome
from ticketgate.domain.tickets.ticket import Missing

SHOWN_CHARS_MAX: Final = 80  # of a value seen, in a trace


class Look:
    """The values of one field (none or several for groups), or why there is no value.

    Lower-cased, folded and shortened once per field, however many clauses ask; folded and shortened
    only when one asks.
    """

    __slots__ = (
        *("_forms", "_joined", "_plain", "_read", "_texts"),
        *("lower", "missing", "seen", "values"),
    )

    def __init__(self, seen: tuple[str, ...] | Missing) -> None:
        self.missing = seen if isinstance(seen, Missing) else None
        self.values: tuple[str, ...] = () if isinstance(seen, Missing) else seen
        self.lower = tuple([value.casefold() for value in self.values])
        self._read: Forms | None = None
        self._texts: tuple[FoldedText, ...] | None = None
        self._joined: FoldedText | None = None
        self._forms: tuple[frozenset[str], frozenset[str]] | None = None
        self._plain: bool | None = None
        self.seen = ""  # what `shown` says, once it was asked

    @property
    def read(self) -> Forms:
        """The values, and each as it is read without its markup or encoding."""
        if self._read is None:
            self._read = forms_of(self.values)
        return self._read

    @property
    def texts(self) -> tuple[FoldedText, ...]:
        """Each value in all its forms, in which phrases are looked for."""
        if self._texts is None:
            texts = [FoldedText(text) for text in self.read.read]
            pairs = zip(self.read.read, texts, strict=True)
            known = [
                one.text for text, one in pairs if has_digit(one.text) and text in self.read.leet
            ]
            more = [FoldedText(form) for text in known for form in leet_forms(text)]
            self._texts = (*texts, *more)
        return self._texts

    @property
    def forms(self) -> tuple[frozenset[str], frozenset[str]]:
        """The whole values, folded and squeezed."""
        if self._forms is None:
            texts = apart(self.joined.text) if self.values else []
            letters = apart(self.joined.squeezed) if self.values else []
            self._forms = (frozenset(map(str.strip, texts)), frozenset(letters))
        return self._forms

    @property
    def joined(self) -> FoldedText:
        """All values in those forms, for one look at all of them."""
        if self._joined is None:
            self._joined = FoldedText(*self.read.read, leet=self.read.leet)
        return self._joined

    @property
    def is_plain(self) -> bool:
        """Whether folding takes no character away from any value, and all of them are ASCII."""
        if self._plain is None:
            self._plain = is_plain("".join(self.values))
        return self._plain

    @property
    def shown(self) -> str:
        """The values as a trace shows them."""
        if not self.seen:
            self.seen = _shown(self.values)
        return self.seen


class Facts(Protocol):
    """What a matcher sees."""

    def look(self, field: str) -> Look:
        """The values of `field`, else why there is none; asked often, so worth keeping."""


Check = Callable[[Look, Facts], Outcome]


def _shown(values: tuple[str, ...]) -> str:
    text = ", ".join([value[: SHOWN_CHARS_MAX + 1] for value in values[:SHOWN_CHARS_MAX]])
    if len(text) > SHOWN_CHARS_MAX:
        text = text[: SHOWN_CHARS_MAX - 1] + "…"
    return text if text.isprintable() else visible(text)
