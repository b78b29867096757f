"""Matchers in short: `field|test=value,value`, and blocks of them."""

from ticketgate.domain.matching.matcher import Clause, Group, Matcher


def clause(text: str) -> Clause:
    """`field|test=value,value`."""
    name, _, values = text.partition("=")
    field, bar, test = name.partition("|")
    return Clause(field, test if bar else "equals", tuple(values.split(",")), 1)


def block(op: str, *parts: str | Matcher) -> Group:
    return Group(op, tuple(clause(one) if isinstance(one, str) else one for one in parts), 1)


def both(*parts: str | Matcher) -> Group:
    return block("all", *parts)
