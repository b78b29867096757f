"""The main job, told step by step as it happens; each step looks at the real thing."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from ticketgate.cli.demo.person import Person
from ticketgate.cli.demo.servers import POLL_SECONDS, DemoError
from ticketgate.cli.demo.world import GROUP, World
from ticketgate.domain.evidence import EvidenceRef

SECONDS: Final = 10  # how long the access lasts; the demo waits for its end
REVOKE_SECONDS_MAX: Final = 15.0
SETTLE_SECONDS_MAX: Final = 15.0
ACCEPTED: Final = 202


class Teller:
    """Prints steps with the time since the start; one progress line while it waits."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._number = 0

    def step(self, text: str) -> None:
        """The next step."""
        self._number += 1
        click.echo(f"[{time.monotonic() - self._start:5.1f} s] {self._number:2}. {text}")

    def detail(self, text: str) -> None:
        """Something seen in this step."""
        click.echo(f"              {text}")

    def wait(self, what: str, test: Callable[[], bool], seconds: float) -> None:
        """Wait for `test`, with a line that says how long it still may take.

        Raises:
            DemoError: it did not hold within `seconds`.
        """
        deadline = time.monotonic() + seconds
        shown = -1
        while not test():
            left = int(deadline - time.monotonic())
            if left < 0:
                raise DemoError(f"{what}: not within {seconds:.0f} s")
            if left != shown and left % 5 == 0:
                click.echo(f"              … waiting: {what} (at most {left} s more)")
                shown = left
            time.sleep(POLL_SECONDS)


def expect(holds: object, what: str) -> None:
    """Stop the demo when something is not as it must be.

    Raises:
        DemoError: `holds` is false.
    """
    if not holds:
        raise DemoError(what)


def tell(world: World, command: Callable[..., Any]) -> None:
    """The whole story. `command(*arguments)` runs `ticketgate … --json` and gives its answer."""
    teller = Teller()
    record = world.snow.access_request(duration=f"PT{SECONDS}S")
    teller.step(f"{record.columns['number']}: Alice orders elevated access in ServiceNow;")
    teller.detail(f"the signed webhook is posted to {world.snow.url}")
    answer = world.snow.post(record)
    expect(answer.status_code == ACCEPTED, f"the webhook was answered {answer.status_code}")
    receipt = answer.json()
    evidence = EvidenceRef(**receipt["evidence"])
    teller.detail(f"202 {receipt['status']}, durable as evidence {evidence.text}")
    _classified(teller, world, record.columns["number"], command)
    _approved(teller, world)
    teller.step("The gateway provisions; the SCIM server is read by a client of its own")
    teller.wait(f"Alice in {GROUP}", world.in_group, SETTLE_SECONDS_MAX)
    started = time.monotonic()
    teller.detail(f"Alice really is a member of {GROUP}")
    teller.step(f"Time passes; the access ends after {SECONDS} s, whatever happens")
    teller.wait(
        f"the end of Alice's access, {SECONDS} s after it began",
        lambda: not world.in_group(),
        SECONDS + REVOKE_SECONDS_MAX,
    )
    teller.detail(f"gone {time.monotonic() - started:.1f} s after it was seen; others stayed")
    expect(len(world.scim.members(world.group)) == 1, "another member was touched")
    _proved(teller, world, command)


def _classified(teller: Teller, world: World, number: str, command: Callable[..., Any]) -> None:
    requests: list[Any] = []

    def opened() -> bool:
        requests[:] = command("requests", "list")
        return bool(requests)

    teller.wait("the request", opened, SETTLE_SECONDS_MAX)
    request = command("requests", "show", requests[0]["id"])
    expect(request["state"] == "awaiting", f"the request is {request['state']}")
    teller.step(f"{number} is an identity event ({', '.join(request['kinds'])})")
    for rule in request["rules"]:
        teller.detail(f"because of rule {rule}")
    expect(not world.in_group(), "Alice has access before anybody approved")
    teller.detail("nobody has approved yet, and Alice is not in the group")


def _approved(teller: Teller, world: World) -> None:
    for name, address, why in (
        ("Bob", "bob@example.com", "Bob is Alice's manager"),
        ("Carol", "carol@example.com", "Carol is in IAM security and owns the entitlement"),
    ):
        person = Person(name, address, world.mailbox)
        try:
            link = person.link()
            teller.step(f"{why}: {name} gets a mail, opens its link, signs in with a mailed code")
            page = person.sign_in(link)
            expect("prod-db-admin" in page.text, f"{name} does not see what to approve")
            page = person.decide("approve", f"{name}: the billing migration is planned for tonight")
            expect(page.status_code == 200, f"{name}'s decision: {page.status_code}")  # noqa: PLR2004
            teller.detail(f"{name} approves, with a justification, on {world.url}/approve/…")
        finally:
            person.close()


def _proved(teller: Teller, world: World, command: Callable[..., Any]) -> None:
    grant: dict[str, Any] = {}

    def confirmed() -> bool:
        grant.update(command("grants", "list")[0])
        return str(grant["state"]) == "revoked"

    teller.wait("the confirmation of the revocation", confirmed, SETTLE_SECONDS_MAX)
    teller.step("The removal was read back at the target, so the grant is revoked")
    report = command("evidence", "verify")
    teller.step(f"The evidence log of the live gateway is verified: {report['size']} records")
    for verdict in report["verdicts"]:
        if verdict["holds"]:
            teller.detail(f"{verdict['name'].upper()}: holds")
    _exported(teller, world, command)


def _exported(teller: Teller, world: World, command: Callable[..., Any]) -> None:
    """What an auditor does, with nothing of ours but one file of the standard library."""
    bundle, trust = world.folder / "bundle", world.folder / "trust"
    command("evidence", "export", str(bundle))
    keys = command("keys", "show")
    trust.write_text("".join(f"log {key['vkey']}\n" for key in keys) + "quorum none\n")
    teller.step(f"An auditor gets a copy, {bundle.name}/, and the public key by another way")
    code, verdicts = _audited(bundle, trust)
    for line in verdicts:
        teller.detail(line)
    expect(code == 0, f"the independent verifier ended with {code}")
    log = bundle / "log" / "000000.jsonl"
    whole = log.read_bytes()
    at = whole.index(b'"request.approved"')
    log.write_bytes(whole[:at] + whole[at:].replace(b"approved", b"refused.", 1))
    code, verdicts = _audited(bundle, trust)
    log.write_bytes(whole)
    teller.step("Somebody changes one word of the copy, and the same verifier ends with 1:")
    for line in verdicts:
        if "fails" in line:
            teller.detail(line)
    expect(code == 1, f"a changed record was not found: {code}")
    teller.detail("tamper-evident, not tamper-proof: against the operator it takes an anchor")


def _audited(bundle: Path, trust: Path) -> tuple[int, list[str]]:
    """Exit code and verdict lines of the verifier that lies in the bundle."""
    done = subprocess.run(  # noqa: S603 -- our own program, no shell
        [sys.executable, "-I", str(bundle / "verify.py"), str(bundle), "--trust", str(trust)],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    return done.returncode, [line for line in lines if line[:1].isupper()]
