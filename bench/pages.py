"""Pages: what each page of the console costs over a grown store, as ratios of one run.

Each is looked at in turn over a grown store, over the one of a small gate, and beside an empty page
of Flask, round after round. Told is the time of processors in this process, the writer's thread
included, which other work on the machine matters less to; medians of the rounds. The stores are in
memory where there is such a place: what a disk takes is not told here.
"""

import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

import flask
from grown import Size, grow
from tests.operations.tickets import access_ticket
from tests.web.whole import Whole, whole

TARGET_MILLISECONDS: Final = 50.0
OK: Final = 200
WHO: Final = ("bob", "olga", "aude", "tina", "alice")
NAMES: Final = {
    "bob": "approver",
    "olga": "operator",
    "aude": "auditor",
    "tina": "triage",
    "alice": "asks",
}
PATHS: Final = (
    "/console",
    "/console/requests",
    "/console/requests?state=denied",
    "/console/requests?entitlement=nothing-of-it",
    "/console/requests?person=p0007",
    "/console/requests?person=Person",
    "/console/grants",
    "/console/deliveries",
    "/console/deliveries?state=released",
    "/console/exceptions",
    "/console/triage",
    "/console/quarantine",
    "/console/emergency",
    "/console/evidence",
    "/console/evidence?q=RITM0000400",
    "/console/search?q=RITM0000400",
    "/console/search?q=prod-db-admin",
    "/console/search?q=person",
    "/console/passkeys",
    "/restore",
)
ROUTES: Final = (
    "/console/requests/<ident>",
    "/console/exceptions/<ident>",
    "/console/triage/<ident>",
    "/console/quarantine/<ident>",
    "/console/emergency/<ident>",
    "/console/evidence/<index>",
    "/approve/<link>",
)
WHY: Final = "the billing migration is planned for tonight"


@dataclass(frozen=True, slots=True)
class PagesPlan:
    """How large the store is, and how often each page is looked at."""

    size: Size = field(default_factory=Size)
    rounds: int = 5
    decisions: int = 10


QUICK: Final = PagesPlan(
    Size(400, 20, 4, 50, 100, 10, 2, 20, 40, 10, 5, 1_000, 120), rounds=1, decisions=2
)


@dataclass(slots=True)
class PagesResults:
    """Milliseconds of processors: (page, who) -> grown, small and empty page; else by name."""

    size: Size
    pages: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    rounds: dict[str, float] = field(default_factory=dict)  # parts of a round of housekeeping
    decisions: tuple[float, float] = (0.0, 0.0)  # to approve, over the grown store and the small


def measure(folder: Path, plan: PagesPlan, say: Callable[[str], None]) -> PagesResults:
    """Everything, in one run.

    Raises:
        RuntimeError: a page or a decision was not answered as it must be.
    """
    found = PagesResults(plan.size)
    with ExitStack() as stack:
        small, large = (stack.enter_context(whole()) for _ in range(2))
        say(f"filling a store with {plan.size.requests:,} requests")
        grow(large, plan.size, folder)
        say("looking at pages")
        for path in PATHS:
            for who in WHO:
                _page(found, plan, (path, path), (large, small), who)
        for route in ROUTES:
            for who in WHO:
                both = (large.path(route), small.path(route))
                _page(found, plan, both, (large, small), who, route)
        say("deciding")
        found.decisions = (_decide(large, plan.decisions), _decide(small, plan.decisions))
        say("housekeeping")
        found.rounds = dict(_rounds(large))
    return found


def _page(
    found: PagesResults,
    plan: PagesPlan,
    paths: tuple[str, str],
    stores: tuple[Whole, Whole],
    who: str,
    name: str = "",
) -> None:
    (large, small), bare = stores, _bare().test_client()
    if any(one.look(who, path).status_code != OK for one, path in zip(stores, paths, strict=True)):
        return
    looks = (
        lambda: large.look(who, paths[0]).status_code,
        lambda: small.look(who, paths[1]).status_code,
        lambda: bare.get("/").status_code,
    )
    times: list[list[float]] = [[], [], []]
    for _ in range(plan.rounds):
        for taken, look in zip(times, looks, strict=True):
            taken.append(_milliseconds(look, OK))
    middle = tuple(statistics.median(one) for one in times)
    found.pages[f"{name or paths[0]} ({NAMES[who]})"] = (middle[0], middle[1], middle[2])


def _bare() -> flask.Flask:
    app = flask.Flask(__name__)
    app.add_url_rule("/", "empty", lambda: flask.render_template_string("<p>empty</p>"))
    return app


def _milliseconds(call: Callable[[], object], wanted: object) -> float:
    began = time.process_time()
    got = call()
    taken = 1000 * (time.process_time() - began)
    if got != wanted:
        raise RuntimeError(f"answered {got}, not {wanted}")
    return taken


def _decide(made: Whole, many: int) -> float:
    """Bob approves what Alice asks; the median POST."""
    times: list[float] = []
    for number in range(many):
        made.gate.deliver(access_ticket(f"decided-{number}"))
        made.gate.run_mail()
        link = f"/approve/{made.gate.tokens('bob')[-1]}"
        asked = made.form("bob", link, link) | {"decision": "approve", "justification": WHY}
        times.append(_milliseconds(partial(_post, made, link, asked), 303))
    return statistics.median(times)


def _post(made: Whole, link: str, asked: dict[str, str]) -> int:
    client = made.clients["bob"]
    return client.post(link, data=asked, headers=made.headers("bob")).status_code


def _rounds(made: Whole) -> list[tuple[str, float]]:
    """The first round after a start, the next one, and one of after the directory has changed."""
    gate, found = made.gate, list[tuple[str, float]]()
    held: list[float] = []
    began = [0.0]
    write_group = gate.store.writer._group  # noqa: SLF001 -- how long the writer is held

    def group(jobs: list[object]) -> None:
        began[0] = time.thread_time()
        write_group(jobs)  # type: ignore[arg-type]
        held.append(1000 * (time.thread_time() - began[0]))

    gate.store.writer._group = group  # type: ignore[method-assign,assignment]  # noqa: SLF001
    for name in ("the first round", "the next minute's", "the next second's"):
        gate.clock.at += timedelta(seconds=1 if "second" in name else 60)
        held.clear()
        taken = _milliseconds(lambda: gate.keeper.step() and None, None)
        found.append((name, taken))
        found.append((f"{name}: held the writer at the most", max(held, default=0.0)))
    return found


def lines(found: PagesResults) -> list[str]:
    """The figures as text; what is above the target is marked."""
    size = found.size
    over = (
        f"{size.requests:,} requests, {size.live_grants:,} live grants, {size.past_grants:,} past"
    )
    told = [
        f"pages over {over} ones, {size.records:,} records, {size.people:,} people",
        f"{'processor ms':<52} {'grown':>7} {'/ small':>8} {'/ Flask':>8}",
    ]
    for name, (large, small, bare) in found.pages.items():
        mark = "" if large <= TARGET_MILLISECONDS else f"  > {TARGET_MILLISECONDS:g}"
        told.append(f"{name:<52} {large:>7.1f} {large / small:>8.1f} {large / bare:>8.0f}{mark}")
    large, small = found.decisions
    told.append(f"{'POST to approve':<52} {large:>7.1f} {large / small:>8.1f}")
    return told + [f"housekeeping: {name:<50} {one:>7.1f}" for name, one in found.rounds.items()]
