"""Declare a restore, and end its hold: each by the word of two different people.

`docs/rules.md` rule 13. The first word is kept; the second, on the same facts, commits everything
in one transaction. Both are asked of the directory at that moment, as approvers are (rule 5).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Disclosure, Draft, EvidenceRef, Json
from ticketgate.domain.log.restore import (
    DECLARE,
    END,
    REASON_CHARS_MAX,
    REASON_CHARS_MIN,
    Hold,
    Loss,
    Place,
    Statement,
    shown_at_end,
)
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.requests.access_request import AccessRequest, RequestState
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.opening import blocking, case_of
from ticketgate.domain.requests.roles import Roles, may_operate
from ticketgate.domain.text.typed_text import bad_typed
from ticketgate.operations.people.actors import actor_of
from ticketgate.operations.people.emergency_lock import lock_on
from ticketgate.operations.people.freshness import stale
from ticketgate.operations.requests.open_request import issue_links, kept_out, record, void_links
from ticketgate.operations.restoring.reconcile_restore import places
from ticketgate.ports import Reading, Transaction

RESTORED = "restored"  # why a link is void, and the cause of the round that follows


@dataclass(frozen=True, slots=True)
class Said:
    """What an operator posted: the digest of what was shown to them, and why."""

    subject: str
    shown: str
    reason: str
    sources: tuple[str, ...] = ()  # those of which they say that everything was sent again


def _anybodys(_: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Hearing:
    """What the words are judged by: policy and directory, roles, sources.

    `polled` are those that are asked (`poll`), with the tables that are read of each. `counts` says
    whether an operator's word of before counts still; it is asked as the second one speaks.
    """

    ground: Ground
    roles: Roles
    sources: tuple[str, ...]
    polled: Mapping[str, Collection[str]] = field(default_factory=dict)
    counts: Callable[[str], bool] = _anybodys


@dataclass(frozen=True, slots=True)
class Heard:
    """One word was kept; `record` names the record once two people have said it."""

    record: EvidenceRef | None


_NOTHING = Refusal("not_found", "No restore waits for you.")


def note_loss(tx: Transaction, now: datetime, *, loss: Loss) -> Loss:
    """Keep what was lost as it was found first; sessions and codes of the past end with it.

    The log grows while people sign in, so what was found at the first opening is what is declared.
    Who had signed out since the backup must not be signed in again.
    """
    known = tx.restores.loss()
    if known is not None and known.is_of(loss):
        return known
    tx.restores.note_loss(loss)
    tx.people.end_sign_ins(now)
    return loss


def declare_restore(tx: Transaction, now: datetime, *, said: Said, by: Hearing) -> Heard | Refusal:
    """One person's word that the records are lost; the second person's declares the restore.

    Then all links are void, what awaits is asked anew in a new round, and provisioning is held.
    Refusals: `not_found`, `directory_stale`, those of `may_operate`, `person_locked`,
    `shown_changed`, `reason`,
    `secret_typed`,
    `distinct_people`.
    """
    loss = tx.restores.loss()
    if loss is None:
        return _NOTHING
    pair = two_people(tx, now, DECLARE, said, by, loss.shown)
    if not isinstance(pair, list):
        return pair
    fields: dict[str, Json] = {
        "by": [actor_of(tx, one.subject) for one in pair],
        "lost_size": loss.lost_size,
        "lost_root": loss.lost_root,
        "kept": loss.kept,
    }
    ref = tx.append(Draft("restore.declared", fields, _reasons(pair)))
    hold = Hold(ref.index, loss.lost_size, loss.lost_root, loss.kept, now, loss.last_at)
    tx.restores.declare(hold)
    for request in tx.requests.live():
        void_links(tx, request.id, RESTORED)
        if request.state is RequestState.AWAITING:
            _ask_anew(tx, now, request, by.ground)
    return Heard(ref)


def end_restore(tx: Transaction, now: datetime, *, said: Said, by: Hearing) -> Heard | Refusal:
    """One person's word that access may be given again; the second person's ends the hold.

    Refusals: those of `declare_restore`, `not_compared`, `not_polled`, `sources`.
    """
    hold = tx.restores.hold()
    if hold is None or tx.restores.loss() is not None:
        return _NOTHING
    shown = shown_to_end(tx, hold, by.sources)
    fit = may_operate(by.roles, said.subject, by.ground.snapshot)
    left = uncompared(tx, by.ground.policy)
    if fit is None and left:
        return Refusal(
            "not_compared",
            f"{len(left)} of the entitlements could not be compared yet.",
            "The page names them; mend the target, or wait.",
        )
    behind = unpolled(tx, hold, by.polled)
    if fit is None and behind:
        return Refusal(
            "not_polled",
            f"Not asked to the end since the declaration: {', '.join(behind)}.",
            "Wait for the next poll, or mend what the check `polls` of /readyz names.",
        )
    if fit is None and set(said.sources) != set(by.sources):
        return Refusal(
            "sources",
            "Every source must have sent again what changed since the backup.",
            "Send it again on the platform, then mark each source.",
        )
    pair = two_people(tx, now, END, said, by, shown)
    if not isinstance(pair, list):
        return pair
    fields: dict[str, Json] = {
        "by": [actor_of(tx, one.subject) for one in pair],
        "declared": hold.index,
        "drift": len(tx.restores.drift()),
        "sources": list(by.sources),
    }
    ref = tx.append(Draft("restore.ended", fields, _reasons(pair)))
    tx.restores.end()
    return Heard(ref)


def shown_to_end(reading: Reading, hold: Hold, sources: tuple[str, ...]) -> str:
    """The digest of what the page shows to who ends the hold."""
    restores = reading.restores
    return shown_at_end(hold, tuple(restores.compared()), tuple(restores.drift()), sources)


def uncompared(reading: Reading, policy: Policy) -> list[Place]:
    """The places that were not compared since the declaration, or could not be."""
    return [
        place
        for place in places(reading, policy)
        if (found := reading.restores.compared_at(place)) is None or not found.listed
    ]


def unpolled(reading: Reading, hold: Hold, polled: Mapping[str, Collection[str]]) -> list[str]:
    """The polled sources that were not read to their end from the backup's time.

    Of a source's tables those count whose polling has begun: some are not asked for.
    """
    behind: list[str] = []
    for source, tables in polled.items():
        rows = [reading.channels.polled(source, table) for table in tables]
        begun = [row for row in rows if row is not None]
        done = [row for row in begun if row.hold >= hold.index and row.done_at is not None]
        if not begun or len(done) < len(begun):
            behind.append(source)
    return behind


def standing(
    reading: Reading,
    now: datetime,
    purpose: str,
    shown: str,
    roles: Roles,
    snapshot: DirectorySnapshot,
) -> list[Statement]:
    """The words that count now: on these facts, not too old, by who still is an operator."""
    return [
        one
        for one in reading.restores.statements(purpose)
        if one.counts(shown, now) and may_operate(roles, one.subject, snapshot) is None
    ]


def two_people(
    tx: Transaction, now: datetime, purpose: str, said: Said, by: Hearing, shown: str
) -> list[Statement] | Heard | Refusal:
    """Both people's words, once there are two; the first one's is kept until then.

    Refusals: `directory_stale`, those of `may_operate`, `person_locked`, `shown_changed`, `reason`,
    `secret_typed`, `distinct_people`.
    """
    snapshot = by.ground.snapshot
    refusal = (
        stale(tx, now, snapshot, said.subject)
        or may_operate(by.roles, said.subject, snapshot)
        or lock_on(tx, now, (said.subject,), snapshot)
        or _bad(said, shown)
    )
    if refusal is not None:
        return refusal
    mine = Statement(purpose, said.subject, shown, said.reason.strip(), now)
    others = [
        one
        for one in standing(tx, now, purpose, shown, by.roles, snapshot)
        if lock_on(tx, now, (one.subject,), snapshot) is None and by.counts(one.subject)
    ]
    if any(snapshot.same_human(one.subject, said.subject) for one in others):
        return Refusal(
            "distinct_people",
            "You have said so already; all accounts of a human are one person.",
            "Another operator must say it too.",
        )
    if not others:
        tx.restores.state(mine)
        return Heard(None)
    return [others[0], mine]


def _bad(said: Said, shown: str) -> Refusal | None:
    if said.shown != shown:
        return Refusal(
            "shown_changed", "This is not what the page shows now.", "Read it again, then say so."
        )
    return bad_typed("reason", said.reason, chars_min=REASON_CHARS_MIN, chars_max=REASON_CHARS_MAX)


def _reasons(pair: list[Statement]) -> tuple[Disclosure, ...]:
    return tuple(
        Disclosure("reason", one.reason, subject=one.subject, kind="operator") for one in pair
    )


def _ask_anew(tx: Transaction, now: datetime, request: AccessRequest, ground: Ground) -> None:
    """A new round: decisions of before the restore do not count, and people are asked again.

    Whom nobody can be asked about now keeps awaiting without links; the start that follows holds
    it against policy and directory again.
    """
    fresh = replace(
        request,
        version=request.version + 1,
        round=request.round + 1,
        stage=1,
        cut=None,
        escalated=0,
    )
    reasons = blocking(fresh, ground.policy, ground.snapshot, now)
    case = None if reasons else case_of(fresh, ground.policy, ground.snapshot, now)
    tx.requests.save(fresh)
    links = [] if case is None else issue_links(tx, now, fresh, case, frozenset())
    record(tx, now, fresh, request.state.value, RESTORED, links, kept_out(tx, fresh, case))
