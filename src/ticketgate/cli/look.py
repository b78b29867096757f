"""`deliveries`, `requests`: look at what is there, also while the gateway runs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn, ParamSpec

import click

from ticketgate.cli.failures import ANSWER_IS_NO, ends_with_code, leave
from ticketgate.cli.groups import Listed
from ticketgate.cli.showing import echo, echo_json, echo_pairs, echo_table, plain, when
from ticketgate.domain.grants.command import CommandKind, CommandState
from ticketgate.domain.instants import duration_text
from ticketgate.domain.requests.access_request import LIVE_REQUEST, AccessRequest, RequestState
from ticketgate.domain.requests.approval import Link, LinkState
from ticketgate.domain.requests.inbox import DeliveryRow
from ticketgate.domain.requests.opening import REASONS
from ticketgate.domain.requests.way_out import NEXT_STEPS
from ticketgate.domain.tickets.identity_event import Verdict
from ticketgate.domain.tickets.polling import is_polled
from ticketgate.operations.intake.parked import parked_for, parked_words
from ticketgate.wiring.commands import Look, look

P = ParamSpec("P")

LIMIT: Final = 50
_DELIVERY_STATES: Final = (
    "accepted", "processed", "quarantined", "released", "dismissed",
    *(one.value for one in Verdict), "duplicate", "stale", "terminal", "approver_row",
    "no_ticket_event",
)  # fmt: skip


def listing(states: tuple[str, ...]) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """The options of every list."""

    def add(command: Callable[P, None]) -> Callable[P, None]:
        command = click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)
        command = click.option(
            "--limit",
            type=click.IntRange(1, 100_000),
            default=LIMIT,
            show_default=True,
            help="How many at the most; the newest come first.",
        )(command)
        return click.option(
            "--state",
            type=click.Choice(states),
            metavar="STATE",
            help=f"Only: {', '.join(states)}.",
        )(command)

    return add


def showing(command: Callable[P, None]) -> Callable[P, None]:
    """The argument and the option of every `show`."""
    command = click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)
    return click.argument("ident", metavar="ID")(command)


def leave_none(noun: str, group: str, ident: str) -> NoReturn:
    """End: there is none with this id."""
    leave(f"there is no {noun} {ident}", f"`ticketgate {group} list` lists all", ANSWER_IS_NO)


# --- deliveries ----------------------------------------------------------------------------------


@click.group(cls=Listed)
def deliveries() -> None:
    """What came in, what became of it, and what is parked."""


@deliveries.command("list")
@listing(_DELIVERY_STATES)
@click.pass_obj
@ends_with_code
def list_deliveries(folder: Path, state: str | None, limit: int, *, as_json: bool) -> None:
    """List deliveries, newest first, with the reason of those that are parked."""
    with look(folder) as seen:
        found = [(row, why(seen, row)) for row in seen.deliveries.listed(state, limit)]
    if as_json:
        echo_json([{**plain(row), "why": reason} for row, reason in found])
        return
    echo_table(
        ("ID", "RECEIVED", "SOURCE", "BY", "STATE", "EFFECT", "TICKET", "WHY"),
        (
            (
                row.id,
                when(row.received_at),
                row.source,
                "poll" if is_polled(row.webhook_id) else "hook",
                row.state,
                row.effect,
                row.ticket or "",
                reason,
            )
            for row, reason in found
        ),
        "no deliveries",
    )


@deliveries.command("show")
@showing
@click.pass_obj
@ends_with_code
def show_delivery(folder: Path, ident: str, *, as_json: bool) -> None:
    """Show one delivery. Exit: 1 there is none with this id."""
    with look(folder) as seen:
        row = seen.delivery(ident)
        reason = "" if row is None else why(seen, row)
        evidence = "" if row is None else f"{seen.origin}#{row.index}"
    if row is None:
        leave_none("delivery", "deliveries", ident)
    if as_json:
        echo_json({**plain(row), "why": reason, "evidence": evidence})
        return
    words = parked_words(row.reason)
    echo_pairs(
        (
            ("id", row.id),
            ("source", row.source),
            ("received", when(row.received_at)),
            ("webhook-id", row.webhook_id),
            ("body", f"sha256 {row.body_digest}"),
            ("state", row.state),
            ("effect", row.effect),
            ("why", f"{reason}: {words}" if words else reason),
            ("ticket", row.ticket or ""),
            ("evidence", evidence),
        )
    )


def why(seen: Look, row: DeliveryRow) -> str:
    """Why a delivery is parked: the code, or the rules that make its ticket uncertain."""
    if row.effect != Verdict.UNCERTAIN.value:
        return row.reason
    entry = seen.next_about(row.id, row.index)
    record = {} if entry is None else json.loads(entry)
    parts = [f"may be {one}" for one in record.get("rules", ())]
    parts += [f"{one} could not read a field" for one in record.get("blind", ())]
    parts += record.get("boundary", ())
    return ", ".join(parts)


# --- requests ------------------------------------------------------------------------------------


@click.group(cls=Listed)
def requests() -> None:
    """What was asked for, what blocks it, and who has decided."""


@requests.command("list")
@listing(tuple(one.value for one in RequestState))
@click.pass_obj
@ends_with_code
def list_requests(folder: Path, state: str | None, limit: int, *, as_json: bool) -> None:
    """List access requests, newest first."""
    with look(folder) as seen:
        found = [
            (one, waits(seen, one), asked_now(seen, one))
            for one in seen.requests.listed(state, limit)
        ]
    if as_json:
        echo_json(
            [
                {**request_document(one), "waits_for": parked, "asked_now": asked}
                for one, parked, asked in found
            ]
        )
        return
    echo_table(
        ("ID", "TICKET", "STATE", "ENTITLEMENT", "FOR", "TIER", "DECIDE BY", "ASKED", "WHY"),
        (
            (
                one.id,
                one.ticket_number,
                one.state.value,
                one.entitlement,
                one.beneficiary.subject or one.beneficiary.account,
                one.tier.word,
                when(one.decide_by),
                ", ".join(asked),
                ", ".join([*one.reasons, *([f"delivery {parked}"] if parked else [])]),
            )
            for one, parked, asked in found
        ),
        "no requests",
    )


@requests.command("show")
@showing
@click.pass_obj
@ends_with_code
def show_request(folder: Path, ident: str, *, as_json: bool) -> None:
    """Show one request: exactly what is asked, its digest, approvals and links.

    `shown` begins with the digest that stands in the mail, and is the one on the page. Exit: 1
    there is none with this id.
    """
    with look(folder) as seen:
        found = seen.requests.get(ident)
        approvals = seen.requests.approvals(ident)
        links = [(one, mail_of(seen, one)) for one in seen.links.of_request(ident)]
        parked = "" if found is None else waits(seen, found)
        origin = seen.origin
    if found is None:
        leave_none("request", "requests", ident)
    if as_json:
        shown = [{**plain(link), "mail": mail} for link, mail in links]
        echo_json(
            {
                **request_document(found),
                "approvals": approvals,
                "links": shown,
                "waits_for": parked,
            }
        )
        return
    echo_pairs(_request_pairs(found))
    for code in found.reasons:
        echo(f"blocked by {code}: {REASONS.get(code, '')}")
        echo(f"  what to do: {NEXT_STEPS.get(code, '')}")
    if parked:
        echo(
            f"waits for delivery {parked}: it may be of this ticket and could not be read; save"
            " the ticket again on the platform"
        )
    for one in approvals:
        echo(
            f"{one.approver}: {one.decision} at stage {one.stage} of round {one.round},"
            f" {when(one.decided_at)}, at most {duration_text(one.seconds)}, {origin}#{one.index}"
        )
    for link, mail in links:
        because = f" ({link.why})" if link.why else ""
        echo(
            f"link {link.id} of {link.approver} ({link.clause}), stage {link.stage} of round"
            f" {link.round}: {link.state.value}{because}, until {when(link.expires_at)};"
            f" mail: {mail}"
        )


requests.add_later(
    "load",
    "ticketgate.cli.load:load",
    "Show how much waits for each approver, and how fast they answer.",
)


def waits(seen: Look, request: AccessRequest) -> str:
    """The parked delivery that a live request waits for; empty when none stands in its way."""
    found = parked_for(seen, request.ticket) if request.state in LIVE_REQUEST else None
    return "" if found is None else found.id


def asked_now(seen: Look, request: AccessRequest) -> list[str]:
    """Who holds an open link of a request that awaits a decision."""
    if request.state is not RequestState.AWAITING:
        return []
    links = seen.links.of_request(request.id)
    return sorted({one.approver for one in links if one.state is LinkState.ISSUED})


def mail_of(seen: Look, link: Link) -> str:
    """How mailing a link went: sent, the last code and when it is tried again, or not yet."""
    again = seen.commands.last(link.id, CommandKind.MAIL_AGAIN)
    found = again or seen.commands.last(link.id, CommandKind.MAIL_LINK)
    if found is None or (found.tries == 0 and not found.last_outcome):
        return "not sent" if found is None or found.state is CommandState.CANCELLED else "queued"
    if found.state is CommandState.QUEUED:
        return f"{found.last_outcome}, {found.tries} tries, again {when(found.due_at)}"
    return found.last_outcome


def request_document(found: AccessRequest) -> dict[str, Any]:
    """A request as JSON; its salt is left out: it is a secret of the material digest."""
    kept = {key: value for key, value in plain(found).items() if key not in {"salt", "rule_ids"}}
    return {
        **kept,
        "rules": found.rule_ids,
        "rules_digest": found.rules,
        "shown": found.shown,
        "reasons": [
            {"code": one, "text": REASONS.get(one, ""), "next_step": NEXT_STEPS.get(one, "")}
            for one in found.reasons
        ],
    }


def _request_pairs(found: AccessRequest) -> tuple[tuple[str, str], ...]:
    access = ", ".join(f"{key}={value}" for key, value in sorted(found.access.items()))
    asked = "nothing" if found.seconds_asked is None else duration_text(found.seconds_asked)
    return (
        ("id", found.id),
        ("ticket", f"{found.ticket_number} ({found.table} of {found.source})"),
        ("state", f"{found.state.value}, stage {found.stage} of round {found.round}"),
        ("entitlement", found.entitlement),
        ("access", f"{access} at {found.target}" if found.target else ""),
        ("for", _party(found.beneficiary.subject, found.beneficiary.account)),
        ("asked by", _party(found.requester.subject, found.requester.account)),
        ("how long", f"{duration_text(found.seconds_now)} at the most; asked: {asked}"),
        ("begins", "" if found.not_before is None else f"{when(found.not_before)} at the earliest"),
        ("is over", "" if found.window_end is None else f"{when(found.window_end)} at the latest"),
        ("item", found.catalog_item),
        ("reason", found.reason),
        ("tier", found.tier.word),
        ("kinds", ", ".join(found.kinds)),
        ("rules", ", ".join(found.rule_ids)),
        ("approve rule", found.approve_rule),
        ("opened", when(found.opened_at)),
        ("decide by", when(found.decide_by)),
        ("shown", found.shown),
    )


def _party(subject: str, account: str) -> str:
    return f"{subject or 'nobody known'} (account {account})"
