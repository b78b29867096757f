"""Rule 9 over histories: who begins an emergency, who reviews it, and who is locked."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from tests.operations.state import Record
from tests.operations.step import ENDED, Step

from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.policy.policy import EmergencyRules

CONSENT_LIFE: Final = timedelta(minutes=15)


def emergencies_end_and_are_owed(step: Step) -> Iterator[str]:
    """Rule 9: who begins one, how long after the last, by whose consent, and who reviews it."""
    now, rules = step.after, step.after.policy.emergency
    for one, record in step.fresh_emergencies():
        if rules is None or "platform-engineering" not in now.people[one.subject].groups:
            yield f"{one.subject} begins an emergency, and is not pre-authorised"
            continue
        if not now.is_fit(one.subject) or record["method"] != "oidc_step_up":
            yield f"{one.subject} begins an emergency, and is not surely known"
        if one.seconds > rules.hard_max.total_seconds() or one.drill != (not one.grant):
            yield f"an emergency of {one.seconds} s, or a drill with access"
        if not one.drill:
            yield from _may_begin(step, one, record, rules)
    for record in now.of_type("review.done"):
        yield from _may_review(step, now.emergencies[str(record["id"])])


def late_reviews_are_told(step: Step) -> Iterator[str]:
    """Rule 9: once a sweeper has run, a review that is late is called so."""
    now = step.after
    for one in now.emergencies.values():
        late = now.at >= now.ended_at(one) + one.within
        if step.swept and late and one.state.value in {"due", "claimed"}:
            yield f"the review of {one.id} is late, and nobody says so"


def _may_begin(step: Step, one: Emergency, record: Record, rules: EmergencyRules) -> Iterator[str]:
    before, at = step.before, step.after.at
    if before.is_locked(one.subject, at):
        yield f"{one.subject} is locked, and begins an emergency"
    for other in before.emergencies.values():
        grant = before.grants.get(other.grant)
        own = other.subject in before.human(one.subject)
        if grant is None or not own or grant.state.value == "cancelled":
            continue
        if grant.ended_at is None or at < grant.ended_at + rules.cooldown:
            yield f"{one.subject} begins another emergency too soon"
    if any(before.is_late(other, at) for other in before.emergencies.values()):
        if record["from"] != "consented":
            yield "an emergency without the consent of a second person"
        if at >= one.invoked_at + CONSENT_LIFE:
            yield "an emergency by an old consent"


def _may_review(step: Step, one: Emergency) -> Iterator[str]:
    before, at, who = step.before, step.after.at, one.reviewer
    entered = one.entered_by in before.human(who)
    if entered or one.subject in before.human(who) or before.is_locked(who, at):
        yield f"{who} reviews what {one.subject} did"
    if not before.is_fit(who) or not ("sec-iam" in before.people[who].groups or who == "carol"):
        yield f"{who} reviews, and is not named"
    grant = before.grants.get(one.grant)
    if one.outcome != "unjustified" and grant is not None and grant.state.value not in ENDED:
        yield f"{one.id} is reviewed as {one.outcome} before its end"


def consent_is_by_another(step: Step) -> Iterator[str]:
    """Rule 9: whoever consents is another human, named, and not locked."""
    for record in step.after.of_type("emergency.consented"):
        asker, who = (step.after.actors[str(record[name])] for name in ("person", "by"))
        groups = step.before.people[who].groups
        if asker in step.before.human(who) or not step.before.is_fit(who):
            yield f"{who} consents to what {asker} asks"
        if not groups & {"sec-iam", "platform-engineering"} and who != "carol":
            yield f"{who} consents, and is not named"
        if step.before.is_locked(who, step.after.at):
            yield f"{who} consents, and is locked"


def who_is_locked_gets_and_decides_nothing(step: Step) -> Iterator[str]:
    """Rule 9: nor does a delegate for them, nor is anything called for, for them."""
    now = step.after
    for request, one in step.decisions():
        for who in {one.approver, one.on_behalf_of, request.beneficiary.subject} - {""}:
            if step.before.is_locked(who, now.at):
                yield f"{who} is locked, and decides or gets {request.id}"
    for grant in step.fresh_grants():
        if grant.since == now.at and step.before.is_locked(grant.subject, now.at):
            yield f"{grant.subject} is locked, and gets {grant.id}"
