"""Findings on a platform's own approvals: what does not look like a person who was asked.

A finding decides nothing: an approval on the platform is a claim anyway (rule 7). Each follows from
facts that the row itself has; a column that the row lacks gives none. How each can be a false alarm
stands in docs/surface.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from ticketgate.domain.classifying.boundary import automations_of, is_known
from ticketgate.domain.people.directory import DirectorySnapshot, canonical
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.tickets.identity_event import Outcome
from ticketgate.domain.tickets.ticket import ApproverRow, StateClass, Ticket

APPROVED: Final = "approved"
ASKING: Final = frozenset({"requested", APPROVED})  # states in which the approver counts
PLATFORM: Final = "system"  # what workflows and rules of ServiceNow run as
GUEST: Final = "guest"  # whom mail of an unknown sender is booked on
TABLE: Final = "sysapproval_approver"
ACTS: Final = "approval.act"  # the kind that an automation must have in `may` to approve


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `code` is one of the exceptions'; `owner` a word of the policy, or empty."""

    code: str
    what: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is known around a row. `parties`: subjects who opened its ticket, or would receive.

    `changed`: an earlier version of the row named another approver.
    """

    ground: Ground
    parties: frozenset[str]
    changed: bool


def findings_on(row: ApproverRow, scene: Scene) -> tuple[Finding, ...]:
    """Every finding on this version of the row; one code comes once."""
    found = [*_approver(row, scene), *_origin(row, scene), *_act(row, scene)]
    return tuple({one.code: one for one in found}.values())


def _approver(row: ApproverRow, scene: Scene) -> Iterator[Finding]:
    """Who is asked: somebody whom the directory has, who is active, and not the requester."""
    account = row.approver.id
    if not account or row.state not in ASKING:
        return
    holders = scene.ground.snapshot.holders(row.source, account)
    if not holders:
        yield Finding("approver_unknown", "the directory does not have the approver")
        return
    if not any(scene.ground.snapshot.people[one].active for one in holders):
        yield Finding("approver_inactive", "the directory says that the approver is not active")
    if _share(holders, scene.parties, scene.ground.snapshot):
        what = "the approver opened the ticket, or would receive what it asks"
        yield Finding("approver_set_by_requester", what)


def _origin(row: ApproverRow, scene: Scene) -> Iterator[Finding]:
    """How the row came to be: by the platform's rules, or by somebody's hand."""
    writer = scene.ground.snapshot.holders(row.source, row.updated_by)
    if scene.changed and _share(writer, scene.parties, scene.ground.snapshot):
        what = "who opened the ticket, or would receive, has named another approver"
        yield Finding("approver_set_by_requester", what)
    creator = row.created_by or ""
    ours = creator == PLATFORM or canonical(creator) in scene.ground.own_users
    if row.by_rule is False and creator and not ours:
        what = "no workflow, process step or group of the platform made this approver row"
        yield Finding("approver_manual", what)


def _act(row: ApproverRow, scene: Scene) -> Iterator[Finding]:
    """Who said yes: the approver themselves, signed in."""
    if row.state != APPROVED:
        return
    writer = row.updated_by
    if row.by_mail or writer == GUEST:
        yield Finding("approved_by_mail", "the approval came by mail")
    if writer == PLATFORM and row.past_due:
        yield Finding("approved_by_timeout", "the platform approved it when its time was up")
        return
    if not writer or writer == GUEST or not row.approver.id:
        return
    acting = scene.ground.snapshot.holders(row.source, writer)
    asked = scene.ground.snapshot.holders(row.source, row.approver.id)
    human = any(scene.ground.snapshot.people[one].kind == "human" for one in acting)
    if human and not _share(acting, asked, scene.ground.snapshot):
        yield Finding("approved_by_another", "somebody else than the approver wrote the approval")
    elif not human:
        yield from _integration(row, scene)


def _integration(row: ApproverRow, scene: Scene) -> Iterator[Finding]:
    """A machine approved; one whose boundary has `approval.act` is meant to."""
    as_ticket = Ticket(
        row.source, TABLE, row.id, row.version, row.state, StateClass.UNLISTED, row.updated_by
    )
    matched = [one for one, outcome in automations_of(as_ticket, scene.ground.policy)
               if outcome is Outcome.TRUE]  # fmt: skip
    if any(ACTS in one.may for one in matched):
        return
    owner = matched[0].owner.text if matched else ""
    known = is_known(as_ticket, row.updated_by, scene.ground.snapshot, scene.ground.own_users)
    who = "an automation that may not" if matched else "a machine" if known else "nobody known"
    finding = Finding("approved_by_integration", f"the approval was written by {who}")
    yield replace(finding, owner=owner)


def _share(some: frozenset[str], others: frozenset[str], snapshot: DirectorySnapshot) -> bool:
    """Whether two sets of subjects have a human in common."""
    return bool({snapshot.human(one) for one in some} & {snapshot.human(one) for one in others})
