"""Emergencies for tests: the shipped policy with a section, and a desk over a gate.

Bob and Alice are pre-authorised for prod-db-admin; Carol and Dan of sec-iam review.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from tests.operations.kit import Gate
from tests.operations.machines import with_machines
from tests.operations.second_factor import keep_step_up
from tests.shipped import own_policy
from tests.verifier.bundle_writer import policy as trust

from ticketgate.domain.emergencies.emergency import Emergency, clause_for, terms
from ticketgate.domain.errors import Refusal
from ticketgate.domain.policy.policy import Allowed, EmergencyRules, Policy, Word
from ticketgate.domain.requests.roles import Roles
from ticketgate.domain.verifying.replay import Replay
from ticketgate.operations.desks.desk import Session
from ticketgate.operations.desks.emergency_desk import EmergencyDesk
from ticketgate.operations.emergencies.invoke_emergency import InvokeForm
from ticketgate.operations.emergencies.review_emergency import ReviewForm
from ticketgate.verifier import verify

WHY: Final = "the database of orders is down and nobody else is awake"
FOUND: Final = "read the audit log of the target: one index was rebuilt"
STEP_UP: Final = "oidc_step_up"
WHAT: Final = "prod-db-admin"
HOUR: Final = 3600
ROLES: Final[Roles] = {"operator": (Word("person", "erin"),)}
RULES: Final = EmergencyRules(
    allow=(Allowed(WHAT, (Word("group", "platform-engineering"),), "policy.yaml:90"),),
    hard_max=timedelta(hours=2),
    cooldown=timedelta(hours=12),
    review_within=timedelta(hours=24),
    review_by=(Word("group", "sec-iam"), Word("owner_of", "entitlement")),
    where="policy.yaml:88",
    digest="e" * 64,
)


def policy_with(rules: EmergencyRules | None = RULES) -> Policy:
    """The shipped policy with emergency access."""
    return replace(with_machines(own_policy()), emergency=rules)


def desk_of(gate: Gate) -> EmergencyDesk:
    """What the pages call."""
    parts = (gate.store, gate.clock, gate.directory, gate.desk.snapshot)
    return EmergencyDesk(*parts, ROLES, gate.in_force, gate._log)


def form_of(
    gate: Gate,
    person: str,
    *,
    seconds: int | None = HOUR,
    reason: str = WHY,
    drill: bool = False,
    what: str = WHAT,
) -> InvokeForm:
    """The form as the page gives it to this person; of nobody pre-authorised a made-up one."""
    policy, snapshot = gate.in_force.now, gate.directory.read(gate.clock.now())
    rules, entitlement = policy.emergency, policy.entitlement(what)
    shown = ""
    if rules is not None and entitlement is not None:
        clause = clause_for(rules.words_for(what), person, entitlement, snapshot)
        shown = terms(rules, entitlement, clause or "")
    return InvokeForm(what, seconds, reason, shown, drill)


def session_for(gate: Gate, person: str, shown: str, method: str = STEP_UP) -> Session:
    """Somebody signed in, by a second factor for just this where that is the method."""
    if method != STEP_UP:
        return gate.session(person, method)
    keep_step_up(gate, person, shown)
    return gate.session(person, "oidc")


def try_to_invoke(
    gate: Gate,
    person: str = "bob",
    *,
    form: InvokeForm | None = None,
    method: str = STEP_UP,
) -> Emergency | Refusal:
    """Somebody posts the form."""
    posted = form or form_of(gate, person)
    return desk_of(gate).invoke(session_for(gate, person, posted.shown, method), posted)


def invoke(gate: Gate, person: str = "bob", *, form: InvokeForm | None = None) -> Emergency:
    """An emergency that began."""
    begun = try_to_invoke(gate, person, form=form)
    assert isinstance(begun, Emergency), begun
    return begun


def review(
    gate: Gate,
    emergency: Emergency,
    person: str = "carol",
    outcome: str = "justified",
    *,
    findings: str = FOUND,
    shown: str | None = None,
    method: str = STEP_UP,
) -> Emergency | Refusal:
    """Somebody reviews what the page shows."""
    desk, session = desk_of(gate), gate.session(person)
    if shown is None:
        view = desk.view(emergency.id, session)
        shown = "" if isinstance(view, Refusal) else view.shown
    session = session_for(gate, person, shown, method)
    return desk.review(session, emergency.id, ReviewForm(outcome, findings, shown))


def code_of(outcome: Emergency | Refusal) -> str:
    """The refusal's code; empty where it was done."""
    return outcome.code if isinstance(outcome, Refusal) else ""


def faults_of(records: list[dict[str, Any]]) -> tuple[set[int], set[int]]:
    """Where the gateway's own replay, and verify.py, see that something is not possible."""
    ours, theirs = Replay(), verify.Replay(verify.Keys(verify.Trust(trust().encode()), ""))
    for index, record in enumerate(records):
        ours.take(index, record)
        theirs.take(index, record, verify.missing_fields(record))
    ours.close()
    theirs.finish()
    return {one.index for one in ours.faults.kept}, {index for index, _ in theirs.verdict.faults}
