"""Replay: folding the recorded moves again, through the same machines. Nothing is decided again."""

from collections.abc import Iterable

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import Draft, Json
from ticketgate.domain.instants import is_instant
from ticketgate.domain.log.folded import (
    ASKED,
    FIXED,
    GIVEN,
    LAST,
    OF_ACCESS,
    PARTIES,
    PLACE,
    Ballot,
    Folded,
    Record,
    abandoned_by,
    count,
    counts,
    is_text,
    pairs,
)
from ticketgate.domain.log.machines import MOVES, NEW, check_record
from ticketgate.domain.log.window_check import forget, unlike
from ticketgate.domain.requests.automatic import CAUSE, AutomaticApprovals, given_by
from ticketgate.domain.verifying.approval_check import ApprovalCheck, ApproverTrust, bad_shown
from ticketgate.domain.verifying.basis_check import bad_sign_in
from ticketgate.domain.verifying.emergency_replay import Emergencies
from ticketgate.domain.verifying.evidence_verdict import FaultList
from ticketgate.domain.verifying.given_up_check import GivenUpCheck
from ticketgate.domain.verifying.log_life import TYPES as LIFE
from ticketgate.domain.verifying.log_life import KeyTrust, LogLife
from ticketgate.domain.verifying.silence import Silence
from ticketgate.domain.verifying.triage_check import TriageCheck


class Replay:
    """SEMANTICS: time never goes back, and every move folds from the states before it.

    `folded` is where everything stands then, by (machine, id); `time` the newest `_ts`;
    `revisions`, `ballots`, `links` and `approved_for` are what the next records are judged by:
    `links` has, of each request that awaits decisions, whom a link that works was issued to.
    """

    def __init__(self, trust: KeyTrust | None = None) -> None:
        """`trust` says whose keys may follow; without it only their form is checked."""
        self.faults = FaultList()
        self.life = LogLife(trust)
        self.silence = Silence()
        self.signed = ApprovalCheck(ApproverTrust() if trust is None else trust.approvers)
        self.time = ""
        self.folded: dict[tuple[str, str], Folded] = {}
        self.revisions: set[tuple[str, int]] = set()
        self.ballots: dict[str, Ballot] = {}
        self.links: dict[str, dict[str, str]] = {}
        self.approved_for: dict[str, dict[str, Json]] = {}
        self.emergencies = Emergencies(self.faults)
        self.automatic = AutomaticApprovals()
        self._triage = TriageCheck()
        self._given_up = GivenUpCheck()

    def take(self, index: int, record: Record | None, *, fold: bool = True) -> None:
        """Fold one record. One that cannot be read moves nothing, and is a fault here as well.

        Without `fold` it is only looked at: what it follows is not known.
        """
        self.signed.saw(index, record)
        if record is None:
            self.faults.add(index, "cannot be read, so cannot be replayed")
            return
        moment = record.get("_ts")
        if isinstance(moment, str) and is_instant(moment):
            if moment < self.time:
                self.faults.add(index, "time goes back")
            self.silence.take(index, self.time, moment)
            self.time = max(moment, self.time)
        kind = record.get("type")
        if not isinstance(kind, str):
            self.faults.add(index, "a record without a type")
            return
        try:
            check_record(Draft(kind, record))
        except EvidenceError as fault:
            self.faults.add(index, fault.reason)
            return
        if kind in LIFE:
            self._live(index, kind, record)
        elif fold:
            self._fold(index, kind, record)

    def close(self) -> None:
        """After the last record: what had to be among them, and was not."""
        if self.life.unmet is not None:
            self.faults.add(self.life.unmet, "no record names what replaying began with")
        undone = [one.said.get("extends") for one in self.folded.values() if one.is_unapproved]
        longer = {grant for grant in undone if isinstance(grant, str)}
        for (machine, ident), one in self.folded.items():
            if machine != "grant":
                continue
            if one.outlived(self.time):
                self.faults.add(one.index, "the grant's time is up, and nothing began to end it")
            over = ident in longer or self._is_unapproved(one.said.get("request"))
            if over and one.state in GIVEN:
                self.faults.add(
                    one.index, "its approval was taken back, and nothing began to end it"
                )

    def _fold(self, index: int, kind: str, record: Record) -> None:
        if kind in MOVES:
            self._move(index, record)
        match kind:
            case "decision.recorded":
                self._decided(index, record)
            case "decision.taken_back":
                self._taken_back(index, record)
            case "links.issued":
                self._more_links(index, record)
            case "request.approved":
                by_people = record["from"] == "awaiting" and record["cause"] != CAUSE
                (self._approved if by_people else self._by_rule)(index, record)
                self.emergencies.unlocked(index, record, "beneficiary")
            case "grant.planned":
                self._planned(index, record)
            case _ if kind in OF_ACCESS:
                self._held(index, kind, record)
            case _:
                self.emergencies.acted(index, record)

    def _held(self, index: int, kind: str, record: Record) -> None:
        if kind == "revocation.confirmed":
            if record["confirmed"] is not True:
                self.faults.add(index, "revoked without confirmation")
            return
        if self.life.restoring:
            self.faults.add(index, "access is given before a restore has ended")
        if any(self._is_unapproved(record.get(name)) for name in ("request", "extension")):
            self.faults.add(index, "access is given, and an approval of it was taken back")
        if kind == "grant.provisioning":
            self._say(index, self.folded["grant", str(record["id"])].begin(record))
        elif kind == "grant.extended":
            self._extended(index, record)
        elif not is_instant(record["not_after"]):
            self.faults.add(index, "an active grant without an end")

    def _say(self, index: int, texts: Iterable[str]) -> None:
        for text in filter(None, texts):
            self.faults.add(index, text)

    def _live(self, index: int, kind: str, record: Record) -> None:
        try:
            self.life.take(index, kind, record)
        except EvidenceError as fault:
            self.faults.add(index, fault.reason)
        if kind == "restore.declared":
            self.links.clear()

    def _move(self, index: int, record: Record) -> None:
        # `check_record` has seen that these are texts.
        machine, ident = str(record["on"]), str(record["id"])
        before, after = str(record["from"]), str(record["to"])
        folded = self.folded.setdefault((machine, ident), Folded())
        known = folded.state
        fresh = machine == "ticket" and self._is_new_revision(index, ident, record["revision"])
        if before != known and not (fresh and before == NEW):
            self.faults.add(index, f"moves {machine} from '{before}'; the log left it at '{known}'")
        folded.state, folded.index = after, index
        if machine == "passkey":
            self._say(index, self.signed.of_passkey(index, record, self.folded))
        if machine == "request":
            self._say(index, [bad_shown(record)])
            self._follow(index, ident, folded, record)
            forget(folded.said)
        folded.said |= {name: record[name] for name in LAST[machine] if name in record}
        self._say(index, [self._triage.take(record), self._given_up.take(record, folded.said)])
        if machine == "grant":
            self._hold(index, folded, record)
            self.emergencies.granted(index, record)
        elif machine == "review":
            given = self.emergencies.take(index, record, folded.said)
            self.approved_for |= {} if given is None else {ident: given}

    def _as_asked(self, index: int, asked: Folded, record: Record) -> None:
        """What is approved is what was asked when people decided."""
        if any(record.get(name) != asked.said.get(name) for name in ASKED):
            self.faults.add(index, "approved is something else than was asked")

    def _is_new_revision(self, index: int, ident: str, revision: Json) -> bool:
        if type(revision) is not int:
            self.faults.add(index, "a revision that is not an integer")
            return False
        fresh = (ident, revision) not in self.revisions
        self.revisions.add((ident, revision))
        return fresh

    def _follow(self, index: int, ident: str, asked: Folded, record: Record) -> None:
        """Keep decisions while a request awaits them, and links while it is the same stage.

        `asked` is what its record before said.
        """
        after = record["to"]
        if after != "awaiting" or not asked.is_at(record):
            self.links.pop(ident, None)
        if after == "approved" and record["from"] == "awaiting":
            self._as_asked(index, asked, record)
        elif after == "awaiting":
            self.ballots.setdefault(ident, Ballot()).parties = self._parties(index, record)
            if not all(count(record[name]) for name in PLACE):
                self.faults.add(index, "asked without a round or a stage")
            self._issue(index, ident, record["links"])
        else:
            self.ballots.pop(ident, None)

    def _issue(self, index: int, ident: str, links: Json) -> None:
        """Everybody in `links` may decide now, each over a link of their own."""
        issued = pairs(links)
        if issued is None:
            self.faults.add(index, "links that are no list of links, each with its actor")
            return
        self.links.setdefault(ident, {}).update(issued)

    def _more_links(self, index: int, record: Record) -> None:
        """`links.issued` goes on with the links of the stage that is asked."""
        ident = record["request"]
        asked = self.folded.get(("request", ident)) if isinstance(ident, str) else None
        if asked is None or asked.state != "awaiting" or not asked.is_at(record):
            self.faults.add(index, "links of another stage than the one that is asked")
            return
        self._issue(index, str(ident), record["links"])

    def _hold(self, index: int, folded: Folded, record: Record) -> None:
        """What is said of a grant once is never said otherwise; heirs take over its removal."""
        folded.said.setdefault("baseline", False)
        self._say(index, abandoned_by(record) if record["to"] == "abandoned" else ())
        for name in FIXED:
            value = record.get(name)
            moved = name == "not_after" and record["type"] == "grant.extended"
            if value is not None and not moved and folded.said.setdefault(name, value) != value:
                self.faults.add(index, f"the grant's {name} is not what it was")
        heirs = record.get("heirs", [])
        if not isinstance(heirs, list):
            self.faults.add(index, "heirs that are no list of grants")
        for heir in heirs if isinstance(heirs, list) else ():
            known = self.folded.get(("grant", heir)) if isinstance(heir, str) else None
            if known is None:
                self.faults.add(index, "handed on to a grant that does not exist")
            else:
                known.said["baseline"] = False

    def _decided(self, index: int, record: Record) -> None:
        ident = record["request"]
        ballot = self.ballots.get(ident) if isinstance(ident, str) else None
        if ballot is None:
            self.faults.add(index, "a decision on a request that awaits none")
            return
        self._asked_in_time(index, str(ident), record)
        if wrong := self.signed.of_decision(index, record, self.folded) or bad_sign_in(record):
            self.faults.add(index, wrong)
        self.emergencies.unlocked(index, record, "approver", "on_behalf_of")
        match record["decision"] if isinstance(record["approver"], str) else "":
            case "deny":
                ballot.denied = True
            case "approve":
                self._counted(index, ballot, record)
            case "":
                self.faults.add(index, "a decision without its approver")
            case _:
                self.faults.add(index, "a decision that is neither an approval nor a denial")

    def _taken_back(self, index: int, record: Record) -> None:
        """An approval that counted is taken back: what was asked is denied, what was given ends."""
        ident, approver = record["request"], record["approver"]
        if not isinstance(approver, str):
            self.faults.add(index, "an approval is taken back that does not stand")
            return
        ballot = self.ballots.get(ident) if isinstance(ident, str) else None
        if ballot is not None:
            asked = self.folded["request", str(ident)].said
            stood = ballot.voices((str(asked.get("material")), count(asked.get("round")) or 0))
            ballot.denied = True
        else:
            request = self.folded.get(("request", ident)) if isinstance(ident, str) else None
            said = {} if request is None else request.said
            stood = set(str(said.get("approvers", "")).split())
            said["approvers"] = ""
        if approver not in stood:
            self.faults.add(index, "an approval is taken back that does not stand")

    def _is_unapproved(self, ident: Json) -> bool:
        """Whether an approval of this request was taken back after it had been approved."""
        request = self.folded.get(("request", ident)) if isinstance(ident, str) else None
        return request is not None and request.is_unapproved

    def _asked_in_time(self, index: int, ident: str, record: Record) -> None:
        """Who decides was sent a link for this very stage, and uses it once and in time."""
        asked, moment, link = self.folded["request", ident], record.get("_ts"), record["link"]
        until = asked.said.get("decide_by")
        if not is_instant(moment) or not is_instant(until) or str(moment) >= str(until):
            self.faults.add(index, "a decision after the time to decide was over")
        known = self.links.get(ident, {})
        issued = known.pop(link, None) if isinstance(link, str) else None
        if issued is None or issued != record["approver"] or not asked.is_at(record):
            self.faults.add(index, "a decision over a link that was not issued to its approver")

    def _counted(self, index: int, ballot: Ballot, record: Record) -> None:
        numbers = [count(record[name]) for name in ("round", "stage", "need", "seconds")]
        approver, material = str(record["approver"]), record["material"]
        match numbers:
            case [int(round_), int(stage), int(need), int(seconds)] if isinstance(material, str):
                place = (material, round_, stage)
                ballot.need[place] = max(need, ballot.need.get(place, 1))
                self._stands_in(index, ballot, record, (material, round_))
                ballot.approvers.setdefault(place, set()).add(approver)
                least = ballot.seconds.get((material, round_), seconds)
                ballot.seconds[material, round_] = min(seconds, least)
                if approver in ballot.parties:
                    self.faults.add(index, "an approval by somebody whose own request it is")
            case _:
                self.faults.add(
                    index, "an approval without its approver, round, stage, need or seconds"
                )

    def _stands_in(self, index: int, ballot: Ballot, record: Record, at: tuple[str, int]) -> None:
        """One seat is one voice, whether its holder or their delegate uses it."""
        principal = record.get("on_behalf_of", "")
        if not isinstance(principal, str) or principal in ballot.parties:
            self.faults.add(index, "an approval on behalf of somebody who may not give it")
        elif not ballot.stand_in(at, str(record["approver"]), principal):
            self.faults.add(index, "a second approval of one seat")

    def _approved(self, index: int, record: Record) -> None:
        ident, material = str(record["id"]), record["material"]
        ballot = self.ballots.pop(ident, Ballot())
        round_, needs = count(record["round"]), counts(record["stages"])
        if ballot.denied:
            self.faults.add(index, "approved after a denial")
        if not {record[name] for name in PARTIES[:2] if is_text(record[name])} <= ballot.parties:
            self.faults.add(index, "approved for somebody else than was asked")
        if not all(is_text(record[name]) for name in PARTIES[:2]):
            self.faults.add(index, "approved without a requester or a beneficiary")
        if not round_ or not needs or not isinstance(material, str):
            self.faults.add(index, "approved without round or stages")
            return
        if stage := ballot.unfilled(material, round_, needs):
            self.faults.add(index, f"approved without the approvals of stage {stage}")
        if self._parties(index, record) & ballot.voices((material, round_)):
            self.faults.add(index, "approved by somebody whose own request it is")
        stood = " ".join(sorted(ballot.voices((material, round_))))
        self.folded["request", ident].said["approvers"] = stood
        given = ballot.seconds.get((material, round_), 0)
        self.approved_for[ident] = given_by(record, min(given, count(record["seconds"]) or 0))

    def _by_rule(self, index: int, record: Record) -> None:
        self.ballots.pop(ident := str(record["id"]), None)
        self.approved_for[ident] = given_by(record, count(record["seconds"]) or 0)
        self._say(index, self.automatic.take(record))

    def _planned(self, index: int, record: Record) -> None:
        """One grant for one approval: of what was asked, for whom it was, no longer than given."""
        ident = record["request"]
        given = self.approved_for.pop(ident, None) if isinstance(ident, str) else None
        if given is None:
            self.faults.add(index, "a grant of a request that nobody approved, or one too many")
            return
        asked = self.folded.get(("request", str(ident)), Folded()).said
        if asked.get("extends"):
            self.faults.add(index, "a grant of a request for more time")
        self._say(index, unlike(record, asked))
        if any(record[name] != given[name] for name in ("subject", "entitlement", "target")):
            self.faults.add(index, "a grant of something else, or to another, than was approved")
        seconds, most = count(record["seconds"]), given["seconds"]
        if seconds is None or not isinstance(most, int) or seconds > most:
            self.faults.add(index, "a grant for longer than its approvals gave")

    def _extended(self, index: int, record: Record) -> None:
        """One extension for one approval of just that, and never beyond the longest life."""
        ident = record["extension"]
        given = self.approved_for.pop(ident, None) if isinstance(ident, str) else None
        asked = self.folded.get(("request", ident)) if isinstance(ident, str) else None
        if given is None or asked is None:
            self.faults.add(index, "more time that nobody approved")
            return
        if ("request", str(record["request"])) not in self.folded:
            self.faults.add(index, "more time for access that no request gave")
        same = all(record[name] == given[name] for name in ("subject", "entitlement", "target"))
        if not same or asked.said.get("extends") != record["id"]:
            self.faults.add(index, "more time for another grant than was approved")
        grant = self.folded["grant", str(record["id"])]
        self._say(index, grant.extend(record, count(given["seconds"])))

    def _parties(self, index: int, record: Record) -> frozenset[str]:
        """The actors who may not decide on a request, as its record tells them."""
        named = [record.get(name) for name in PARTIES]
        for more in (record.get("editors", []), record.get("triagers", [])):
            if not isinstance(more, list) or not all(isinstance(one, str) for one in more):
                self.faults.add(index, "editors or triagers that are no list of actors")
            else:
                named += more
        return frozenset(one for one in named if isinstance(one, str))
