"""What a snapshot carries over: links, the time to decide, a restore, grants that nothing ended."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from tests.agreement.both import STAND_ALONE, Told, agreed
from tests.agreement.bundles import files_of, laid_out
from tests.segments import SHORT, short_segments
from tests.verifier import bundle_writer as writer
from tests.verifier.bundle_writer import BY, DECISION, GRANT, REQUEST, Log

pytestmark = pytest.mark.untraced

PRUNED, DECIDED, APPROVED, PLANNED, PROVISIONING = range(SHORT, SHORT + 5)
OPENED: Final = "2026-11-22T02:40:09.000000Z"
END: Final = "2026-11-22T21:00:00.000000Z"  # 02:57:08 is where the log goes on
Change = Callable[[dict[str, Any]], object]


@pytest.fixture(autouse=True)
def short() -> Iterator[None]:
    """What a snapshot carries does not depend on how much was before it."""
    with short_segments(STAND_ALONE):
        yield


def state() -> dict[str, Any]:
    """One request awaits Ann or Cid; one grant is active."""
    asked = {"entitlement": "db", "target": "scim", "decide_by": BY, "round": 1, "stage": 1}
    held = {**GRANT, "request": "r0", "seconds": 70000, "not_after": END, "baseline": False}
    request = {"id": "r1", "index": 9, "on": "request", "said": asked, "state": "awaiting"}
    grant = {"id": "g0", "index": 7, "on": "grant", "said": held, "state": "active"}
    ballot = {
        "approvers": [], "denied": False, "id": "r1",
        "links": [["lnk_1", "act_ann"], ["lnk_2", "act_cid"]], "need": [],
        "parties": ["act_bob"], "seconds": [],
    }  # fmt: skip
    return {
        "approved": [], "automatic": [], "ballots": [ballot], "boundary": SHORT,
        "folded": [grant, request], "keys": [], "restoring": False, "revisions": [], "time": OPENED,
    }  # fmt: skip


def told(snapshot: bytes, decision: dict[str, object] | None = None) -> Log:
    """What follows: Ann decides, and access is given."""
    log = Log(start=SHORT, leaves=[bytes(32)] * SHORT)
    log.add("retention.pruned", boundary=SHORT, snapshot=writer.sha(snapshot).hex())
    log.add("decision.recorded", **DECISION | (decision or {}))
    log.move("request", "r1", "awaiting", "approved", "request.approved", **REQUEST, stages=[1])
    log.move(
        "grant",
        "g1",
        "",
        "planned",
        "grant.planned",
        **GRANT,
        seconds=60,
        activate_by="2099-01-01T00:00:00.000000Z",
    )
    log.move(
        "grant", "g1", "planned", "provisioning", "grant.provisioning", **GRANT, baseline=False,
        not_after=log.stamp(len(log)), before="absent", command="c", deadline=BY, plan="remove",
    )  # fmt: skip
    return log


def asked(folder: Path, log: Log, snapshot: bytes) -> Told:
    """What both say of it, its first segment being leaf hashes."""
    files = {name: data for name, data in files_of(log).items() if not name.startswith("log/")}
    lines = b"".join(entry + b"\n" for entry in log.entries)
    files |= {"log/000000.leaves": bytes(32 * SHORT), "log/000001.jsonl": lines}
    return agreed(laid_out(folder, files | {f"snapshots/{SHORT}.json": snapshot}))


def changed(change: Change) -> bytes:
    found = state()
    change(found)
    return writer.canonical(found)


def said(place: int, **fields: object) -> Change:
    """Something else is kept of the grant (0) or of the request (1)."""
    return lambda found: found["folded"][place]["said"].update(fields)


def test_a_log_goes_on_from_what_its_snapshot_carries(space: Path) -> None:
    snapshot = writer.canonical(state())
    found = asked(space, told(snapshot), snapshot)
    assert (found.exit, dict(found.bad)) == (0, {})


def ballot(**fields: object) -> Change:
    return lambda found: found["ballots"][0].update(fields)


def also(**fields: object) -> Change:
    return lambda found: found.update(fields)


def without(key: str, *place: Any) -> Change:  # noqa: ANN401 -- keys and numbers
    """Something is not there, at the end of this way."""

    def change(found: Any) -> None:  # noqa: ANN401 -- JSON
        for step in place:
            found = found[step]
        del found[key]

    return change


REPRESENTED: Final = ballot(represented=[["m1", 1, ["act_cid", "act_dan"]]])
CARRIED: Final[dict[str, tuple[Change, dict[str, object], int | None]]] = {
    "another's link is left": (ballot(links=[["lnk_2", "act_cid"]]), {}, DECIDED),
    "no link is left": (ballot(links=[]), {}, DECIDED),
    "a link of another": (also(), {"link": "lnk_2"}, DECIDED),
    "a decision at another stage": (also(), {"stage": 2}, DECIDED),
    "another stage": (said(1, stage=2), {}, DECIDED),
    "no round": (said(1, round=None), {"round": None, "decision": "deny"}, DECIDED),
    "a day is no instant": (said(1, decide_by=END[:10]), {}, DECIDED),
    "no time to decide": (said(1, decide_by=None), {}, DECIDED),
    "the time to decide is over": (said(1, decide_by=OPENED), {}, DECIDED),
    "a delegate decides": (also(), {"on_behalf_of": "act_dan"}, None),
    "for whom somebody did": (REPRESENTED, {"on_behalf_of": "act_dan"}, DECIDED),
    "somebody did for them": (ballot(represented=[["m1", 1, ["act_ann"]]]), {}, DECIDED),
    "in another round": (ballot(represented=[["m1", 2, ["act_ann"]]]), {}, None),
    "a restore goes on": (also(restoring=True), {}, PROVISIONING),
    "a minute after the end": (said(0, not_after="2026-11-22T02:56:08.000000Z"), {}, None),
    "more than a minute": (said(0, not_after="2026-11-22T02:56:07.999999Z"), {}, 7),
    "no end": (without("not_after", "folded", 0, "said"), {}, 7),
    "its end has begun": (lambda found: found["folded"][0].update(state="revoking"), {}, None),
}


@pytest.mark.parametrize(("change", "decision", "first_bad"), CARRIED.values(), ids=CARRIED)
def test_what_it_carries_is_what_the_next_records_are_judged_by(
    space: Path, change: Change, decision: dict[str, object], first_bad: int | None
) -> None:
    snapshot = changed(change)
    found = asked(space, told(snapshot, decision), snapshot)
    assert dict(found.bad) == ({} if first_bad is None else {"semantics": first_bad})


def test_a_fault_before_a_gap_stays_one_behind_it(space: Path) -> None:
    first = Log().opened()
    first.add("decision.recorded", **DECISION)
    first.beats(SHORT - 2)
    last = writer.canonical(state() | {"ballots": [], "folded": [], "boundary": 2 * SHORT})
    log = Log(start=2 * SHORT, leaves=[*first.leaves, *[bytes(32)] * SHORT])
    log.add("retention.pruned", boundary=2 * SHORT, snapshot=writer.sha(last).hex())
    for name, entries in (("000000", first.entries), ("000002", log.entries)):
        lines = b"".join(entry + b"\n" for entry in entries)
        laid_out(space, {f"log/{name}.jsonl": lines})
    files = {name: data for name, data in files_of(log).items() if not name.startswith("log/")}
    files |= {"log/000001.leaves": bytes(32 * SHORT), f"snapshots/{2 * SHORT}.json": last}
    assert agreed(laid_out(space, files)).bad == {"semantics": 1}


BY_RULE: Final[dict[str, Any]] = {
    "stages": [], "links": [], "kinds": ["credential.rotate"], "cause": "automatic",
}  # fmt: skip


@pytest.mark.parametrize(
    ("counted", "number", "sound"),
    [
        ([], 2, True),
        ([["std", "2026-11-22", 1]], 2, True),
        ([["std", "2026-11-22", 2]], 2, False),  # told again: a third that day, called the second
        ([["std", "2026-11-22", 2]], 3, False),
        ([["std", "2026-11-21", 2]], 1, True),
        ([["other", "2026-11-22", 2]], 1, True),
    ],
)
def test_what_a_rule_approved_that_day_counts_over_a_prune(
    space: Path, counted: list[list[object]], number: int, *, sound: bool
) -> None:
    snapshot = changed(also(automatic=counted))
    log = Log(start=SHORT, leaves=[bytes(32)] * SHORT)
    log.add("retention.pruned", boundary=SHORT, snapshot=writer.sha(snapshot).hex())
    said: dict[str, Any] = {"rule": "std@policy.yaml:1", "digest": "d", "because": "agreed"}
    said |= {"day": "2026-11-22", "count": number, "max_per_day": 2}
    told: dict[str, Any] = {**REQUEST, **BY_RULE, "automatic": said}
    log.move("request", "r9", "", "approved", "request.approved", **told)
    found = asked(space, log, snapshot)
    assert dict(found.bad) == ({} if sound else {"semantics": SHORT + 1})


TWICE: Final = [["lnk_1", "act_ann"], ["lnk_1", "act_cid"]]
NONE: Final[dict[str, Change]] = {
    "no links": without("links", "ballots", 0),
    "links are null": ballot(links=None),
    "links are an object": ballot(links={}),
    "a link alone": ballot(links=["lnk_1"]),
    "a link without an actor": ballot(links=[["lnk_1"]]),
    "a link with two": ballot(links=[["lnk_1", "act_ann", "act_cid"]]),
    "an actor that is null": ballot(links=[["lnk_1", None]]),
    "a link that is a number": ballot(links=[[1, "act_ann"]]),
    "links that are not sorted": ballot(links=[["lnk_2", "act_cid"], ["lnk_1", "act_ann"]]),
    "a link twice": ballot(links=TWICE),
    "represented is null": ballot(represented=None),
    "represented is empty": ballot(represented=[]),
    "nobody is represented": ballot(represented=[["m1", 1, []]]),
    "represented in no round": ballot(represented=[["m1", 0, ["act_dan"]]]),
    "represented in a row too long": ballot(represented=[["m1", 1, 1, ["act_dan"]]]),
    "represented people are not sorted": ballot(represented=[["m1", 1, ["act_dan", "act_cid"]]]),
    "represented rounds are not sorted": ballot(
        represented=[["m1", 2, ["act_dan"]], ["m1", 1, ["act_dan"]]]
    ),
    "a part of a ballot that is unknown": ballot(deputies=[]),
    "a ballot on another": ballot(id="r2"),
    "no ballot": also(ballots=[]),
    "a ballot on what was denied": lambda found: found["folded"][1].update(state="denied"),
    "no automatic": without("automatic"),
    "automatic is null": also(automatic=None),
    "a rule without its day": also(automatic=[["std", 1]]),
    "a rule of no day": also(automatic=[["std", "2026-11-31", 1]]),
    "a rule of an instant": also(automatic=[["std", OPENED, 1]]),
    "a rule that is null": also(automatic=[[None, "2026-11-22", 1]]),
    "a rule that approved nothing": also(automatic=[["std", "2026-11-22", 0]]),
    "a count that is true": also(automatic=[["std", "2026-11-22", True]]),
    "a rule twice": also(automatic=[["std", "2026-11-21", 1], ["std", "2026-11-22", 1]]),
    "rules that are not sorted": also(automatic=[["std", "2026-11-22", 1], ["a", "2026-11-22", 1]]),
    "restoring is null": also(restoring=None),
    "restoring is a number": also(restoring=0),
    "restoring is a list": also(restoring=[]),
    "restoring is a text": also(restoring="false"),
    "nothing of a restore": without("restoring"),
}


@pytest.mark.parametrize("change", NONE.values(), ids=NONE)
def test_one_of_another_form_is_none(space: Path, change: Change) -> None:
    snapshot = changed(change)
    found = asked(space, told(snapshot), snapshot)
    assert (found.exit, found.bad["semantics"]) == (1, SHORT)
