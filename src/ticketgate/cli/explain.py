"""`explain`: what the gateway would make of one payload, and which clauses say so."""

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Final

import click

from ticketgate.cli.failures import ends_with_code
from ticketgate.cli.showing import echo, echo_json
from ticketgate.domain import strict_json
from ticketgate.domain.classifying.masked_ticket import masked
from ticketgate.domain.errors import MalformedDeliveryError, StrictJsonError, TicketgateError
from ticketgate.domain.instants import duration_text, whole_seconds
from ticketgate.domain.requests.opening import REASONS
from ticketgate.domain.tickets.identity_event import Outcome, RuleOutcome, Tier, Verdict
from ticketgate.domain.tickets.ticket import TERMINAL_STATES, ApproverRow, NoTicket, Ticket
from ticketgate.operations.trying.explain import Explanation, Wish
from ticketgate.operations.trying.explain import explain as explain_ticket
from ticketgate.wiring.commands import Configured, load, read_source, wall_time

SAYS: Final[Mapping[Verdict, str]] = {
    Verdict.IDENTITY: "an identity event",
    Verdict.UNCERTAIN: "uncertain",
    Verdict.NOT_IDENTITY: "not an identity event",
}

_TRUE, _FALSE, _UNKNOWN = Outcome.TRUE, Outcome.FALSE, Outcome.UNKNOWN
_REMEMBERED_MAX: Final = 8_192  # lines of rules, and beginnings of lines of clauses


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--source", required=True, help="The source that would send it.")
@click.option("--matched", is_flag=True, help="Show only the rules that matched.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
@ends_with_code
def explain(folder: Path, file: BinaryIO, source: str, *, matched: bool, as_json: bool) -> None:
    """Say what one payload is, and which clauses say so.

    FILE holds what the source would post (- is standard input). Shows the verdict, every rule with
    every clause and the value seen, what the ticket asks for, what would block it, and who would be
    asked. With --matched, rules that did not match are only counted; of them, those that could not
    see all they need keep their name. Nothing is stored or sent. Exit: 0 whatever the verdict is,
    2 no such source, 3 the payload cannot be read (it would be quarantined).
    """
    configuration = load(folder, os.environ)
    what = _ticket(configuration, source, file)
    if isinstance(what, ApproverRow):
        _approver_row(what, as_json=as_json)
        return
    if isinstance(what, NoTicket):
        _no_ticket(what, as_json=as_json)
        return
    now = wall_time()
    snapshot = configuration.directory.read(now)
    known = read_source(configuration, source)
    own = frozenset[str]() if known is None else known.own_users
    found = explain_ticket(what, configuration.policy, snapshot, now, own)
    if as_json:
        echo_json(_document(found, matched=matched))
        return
    for line in _lines(found, matched=matched):
        echo(line)


def _ticket(
    configuration: Configured, name: str, file: BinaryIO
) -> Ticket | ApproverRow | NoTicket:
    source = read_source(configuration, name)
    if source is None:
        known = sorted(configuration.settings.sources)
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"one of: {', '.join(known)}"
        raise TicketgateError(f"there is no source {name!r}", code="usage", next_step=hint)
    body = file.read(configuration.settings.body_bytes_max + 1)
    if len(body) > configuration.settings.body_bytes_max:
        raise TicketgateError(
            f"larger than {configuration.settings.body_bytes_max} bytes: it would be refused",
            code="too_large",
            next_step="send less, or raise intake.body_bytes_max",
        )
    try:
        return masked(source.read(strict_json.read(body)))
    except MalformedDeliveryError as fault:
        step = "mend the sender" if isinstance(fault, StrictJsonError) else fault.next_step
        raise TicketgateError(
            f"it would be quarantined: {fault.reason}", code=fault.code, next_step=step
        ) from fault


def _approver_row(row: ApproverRow, *, as_json: bool) -> None:
    if as_json:
        echo_json({"verdict": None, "approver_row": row})
        return
    echo(f"an approval row of ticket {row.parent}, state {row.state!r}, approver {row.approver.id}")
    echo("What the platform says of approvals is a claim, never proof: it opens no request.")


def _no_ticket(what: NoTicket, *, as_json: bool) -> None:
    if as_json:
        echo_json({"verdict": None, "no_ticket_event": what.what})
        return
    echo(f"no ticket but {what.what!r}: it would be stored and recorded, and have no effect")


# --- in words ------------------------------------------------------------------------------------


def _lines(found: Explanation, *, matched: bool) -> Iterator[str]:
    ticket, verdict = found.ticket, found.classification.verdict
    version = "" if ticket.version is None else f", version {ticket.version}"
    yield f"{ticket.number} ({ticket.table} of {ticket.source}{version}) is {SAYS[verdict]}"
    yield f"  kinds: {', '.join(found.classification.kinds) or 'none'}"
    yield f"  tier:  {found.classification.tier.word}"
    yield f"  state: {ticket.state!r}, which is {ticket.state_class.value}"
    yield ""
    yield from rules_lines(_told(found, matched=matched))
    if matched:
        yield from _others_lines(found)
    for one in found.classification.breaches:
        where = f" ({one.where})" if one.where else ""
        yield f"BOUNDARY {one.code}: {one.subject}{where}: {one.what}"
    yield ""
    yield from _without_lines(found)
    yield ""
    yield from _outcome_lines(found)


def _told(found: Explanation, *, matched: bool) -> tuple[RuleOutcome, ...]:
    """The rules that are shown with their clauses."""
    said = found.classification
    return said.matched if matched else said.rules


def _others_lines(found: Explanation) -> Iterator[str]:
    """How many rules are not shown; a blind one is named, since the verdict may hang on it."""
    said = found.classification
    for rule in said.blind:
        yield f"BLIND {rule.rule} ({rule.where}): see it whole without --matched"
    others = len(said.rules) - len(said.matched) - len(said.blind)
    yield f"{others} other rule{'' if others == 1 else 's'} tried: no match"


def rules_lines(rules: Iterable[RuleOutcome]) -> list[str]:
    """Every rule with every clause and the value seen; those that matched first, then the blind.

    Many clauses see the same value: it is quoted once. What of a line is the policy's, and the
    same for each ticket, is remembered.
    """
    matched: list[str] = []
    blind: list[str] = []
    others: list[str] = []
    saw = _Quoted()
    for ident, where, _, kind, tier, verdict, outcome, clauses in rules:
        lines = others if outcome is _FALSE else matched if outcome is _TRUE else blind
        told, file = _rule_line(outcome, ident, where, verdict, kind, tier)
        lines.append(told)
        for text, line, holds, value, note in clauses:
            seen = saw[value] if not note else f"{note}: {value!r}" if value else note
            # A built-in rule has no line, and what it tells may be a ticket's: it is not kept.
            begin = _clause_begin if line else _clause_begin.__wrapped__
            lines.append(begin(holds, text, file, line) + seen)
    return matched + blind + others


class _Quoted(dict[str, str]):
    """How each value is quoted."""

    def __missing__(self, value: str) -> str:
        found = self[value] = f"saw {value!r}"
        return found


@lru_cache(_REMEMBERED_MAX)
def _rule_line(
    outcome: Outcome, ident: str, where: str, verdict: Verdict, kind: str, tier: Tier
) -> tuple[str, str]:
    """The line, and the file of the rule."""
    word = {_TRUE: "MATCH", _UNKNOWN: "BLIND", _FALSE: "no match"}[outcome]
    return f"{word} {ident} ({where}): {verdict}, {kind}, {tier.word}", where.partition(":")[0]


@lru_cache(_REMEMBERED_MAX)
def _clause_begin(holds: Outcome, text: str, file: str, line: int) -> str:
    said = {_TRUE: "yes", _UNKNOWN: "?  ", _FALSE: "no "}[holds]
    place = f":{line}" if line else ""
    return f"  {said} {text} ({file}{place}): "


def _without_lines(found: Explanation) -> Iterator[str]:
    for field, verdict in found.without:
        yield f"without `{field}` this is {SAYS[verdict]}"
    if found.classification.matched and not found.without:
        yield "no single field decides: without any one of them the verdict is the same"


def _outcome_lines(found: Explanation) -> Iterator[str]:
    if found.ticket.state_class in TERMINAL_STATES:
        yield "The ticket is over: no request opens, and grants of this ticket end."
    elif found.classification.verdict is Verdict.UNCERTAIN:
        yield "No request opens. It is listed by `ticketgate deliveries list --state uncertain`."
    elif found.classification.verdict is Verdict.NOT_IDENTITY:
        yield "Nothing happens."
    for wish in found.wishes:
        yield from _wish_lines(wish)


def _wish_lines(wish: Wish) -> Iterator[str]:
    what = wish.what
    if what.entitlement:
        access = ", ".join(f"{key}={value}" for key, value in sorted(what.access.items()))
        who = what.beneficiary.subject or f"account {what.beneficiary.account!r}"
        yield f"asks for {what.entitlement} ({access} at {what.target}) for {who}"
        yield f"  tier {what.tier.word}, for {duration_text(what.seconds)} at the most"
    else:
        yield "asks for nothing that the policy knows"
    for reason in wish.reasons:
        yield f"  BLOCKED {reason}: {REASONS[reason]}"
    if wish.rule is None:
        return
    if wish.rule.automatic is not None:
        often, because = wish.rule.automatic.max_per_day, wish.rule.automatic.because
        yield f"  approve rule {wish.rule.id} ({wish.rule.where}) approves it without a person,"
        yield f"    at most {often} in a UTC day: {because}"
        return
    within = duration_text(whole_seconds(wish.rule.decide_within))
    yield f"  approve rule {wish.rule.id} ({wish.rule.where}), to be decided within {within}"
    for number, (stage, people) in enumerate(wish.stages, start=1):
        named = ", ".join(f"{one} ({word})" for one, word in people.items())
        yield f"    stage {number} {stage.name}: {stage.need} of {named or 'nobody'}"
    if wish.away:
        yield f"    away now: {', '.join(wish.away)}"
    if wish.rule.escalate is not None:
        after = duration_text(whole_seconds(wish.rule.escalate.after))
        words = " or ".join(word.text for word in wish.rule.escalate.to)
        yield f"    after {after} of silence also: {words}"


# --- as JSON -------------------------------------------------------------------------------------


def _document(found: Explanation, *, matched: bool) -> dict[str, Any]:
    classification = found.classification
    rules = _told(found, matched=matched)
    return {
        "verdict": classification.verdict,
        "kinds": classification.kinds,
        "tier": classification.tier,
        "ticket": found.ticket.plain(),
        "matched": [f"{one.rule}@{one.where}" for one in classification.matched],
        "blind": [f"{one.rule}@{one.where}" for one in classification.blind],
        "boundary": classification.breaches,
        "rules": rules,
        "rules_not_shown": len(classification.rules) - len(rules),
        "without": [{"field": field, "verdict": verdict} for field, verdict in found.without],
        "asks": [_asks(wish) for wish in found.wishes],
    }


def _asks(wish: Wish) -> dict[str, Any]:
    stages = [
        {"name": stage.name, "need": stage.need, "who": people} for stage, people in wish.stages
    ]
    what = wish.what
    return {
        "entitlement": what.entitlement,
        "target": what.target,
        "access": what.access,
        "requester": what.requester,
        "beneficiary": what.beneficiary,
        "seconds": what.seconds,
        "seconds_asked": what.seconds_asked,
        "tier": what.tier,
        "reasons": [{"code": one, "text": REASONS[one]} for one in wish.reasons],
        "approve_rule": None if wish.rule is None else f"{wish.rule.id}@{wish.rule.where}",
        "stages": stages,
        "automatic": None if wish.rule is None else wish.rule.automatic,
        "away": wish.away,
    }
