"""Every page of the gateway over one gate in which everything is open, and everybody who may ask.

Alice has asked for access for Kate; Bob's link waits, and Grace's for something else. There are a
doubtful ticket, a delivery nobody can read, an exception, an emergency of Bob's, a new passkey of
his, a revocation that is overdue, and a restore to be declared. Who could do much once holds every
role still.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any, Final, Protocol

import flask  # noqa: TC002 -- as every module here does
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry
from tests.keys import ORIGIN, key_of
from tests.openid import SETTINGS, desk_of
from tests.operations import emergencies
from tests.operations.fakes import principal
from tests.operations.kit import Gate, folder
from tests.operations.lane import doubtful
from tests.operations.office import LOSS
from tests.operations.test_provider_desk import Told
from tests.operations.tickets import SOURCE, access_ticket
from tests.verifier.authenticator import RP_ID, Passkey
from tests.web.page_desk import BROWSER, SESSION_KEY, Forms
from werkzeug.test import TestResponse

from ticketgate.adapters.keys import p256
from ticketgate.adapters.keys.signer import CheckpointSigner
from ticketgate.adapters.sqlite import schema
from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Json  # noqa: TC001 -- as every module here does
from ticketgate.domain.grants.grant import CLAIMED, Grant, GrantState
from ticketgate.domain.instants import to_text
from ticketgate.domain.people.directory import Person
from ticketgate.domain.people.passkey import challenge_of, encode
from ticketgate.domain.people.passkey_row import Ceremony, Site
from ticketgate.domain.people.passkey_row import Passkey as PasskeyRow
from ticketgate.domain.policy.policy import Allowed, Word
from ticketgate.operations.desks.abandon_desk import AbandonDesk
from ticketgate.operations.desks.console_desk import ConsoleDesk
from ticketgate.operations.desks.console_home import Home, home
from ticketgate.operations.desks.desk import Session
from ticketgate.operations.desks.emergency_desk import EmergencyDesk
from ticketgate.operations.desks.evidence_desk import EvidenceDesk
from ticketgate.operations.desks.exception_desk import ExceptionDesk
from ticketgate.operations.desks.passkey_desk import PasskeyDesk
from ticketgate.operations.desks.quarantine_desk import QuarantineDesk
from ticketgate.operations.desks.request_desk import RequestDesk
from ticketgate.operations.desks.restore_desk import RestoreDesk
from ticketgate.operations.desks.triage_desk import TriageDesk
from ticketgate.operations.evidence.checkpoint import Checkpointer
from ticketgate.operations.evidence.hand_out import HandOut
from ticketgate.operations.grants.end_grant import move
from ticketgate.operations.own_keys.passkeys import Made
from ticketgate.operations.requests.plan_grant import of_emergency, save_new
from ticketgate.operations.restoring.declare_restore import note_loss
from ticketgate.ports import Transaction
from ticketgate.web.create_app import SignInWays, create_app
from ticketgate.web.evidence import evidence_pages
from ticketgate.web.probes import probes

HOME: Final = "http://127.0.0.1:8080"
WHY: Final = "the billing migration is planned for tonight"
# Who asks, and what they are. The last two hold every role, and one thing that bars them.
PEOPLE: Final = {
    "nobody": "no cookie",
    "token": "no cookie, and a bearer token that somebody hopes for",
    "expired": "Bob, an hour and more after he signed in",
    "mallory": "nothing to do with any of it",
    "alice": "asked",
    "alice-admin": "the same human as Alice, of the group that reviews emergencies",
    "kate": "gets the access",
    "bob": "holds the link that waits; began the emergency",
    "dan": "stands in for Bob; of the group that reviews emergencies",
    "grace": "holds the link of another request",
    "judy": "approves for others, has delegated, and is away",
    "olga": "operator",
    "tina": "triage",
    "aude": "auditor",
    "victor": "voucher",
    "frank": "of every role, and not active any more",
    "svc": "of every role, and no human",
}
ALL_ROLES: Final = tuple(Word("person", one) for one in ("frank", "svc"))
ROLES: Final = {
    "operator": (Word("person", "olga"), *ALL_ROLES),
    "triage": (Word("person", "tina"), *ALL_ROLES),
    "auditor": (Word("person", "aude"), *ALL_ROLES),
    "voucher": (Word("person", "victor"), *ALL_ROLES),
}
_OF_PEOPLE: Final = {"nobody", "token", "expired"}
# Tables that a request may write without anything becoming different for anybody else.
OWN: Final = (
    *("actor", "clock", "code", "session", "spent", "step_up", "provider_session", "meta"),
    *("provider_claims", "passkey_ceremony", "request_view", "loaded", "pace", "passed"),
)


def _cast(gate: Gate) -> None:
    """Everybody of PEOPLE, as they are while they sign in."""
    team: dict[str, Any] = {"team": "platform", "groups": frozenset({"platform-engineering"})}
    known: dict[str, dict[str, Any]] = {
        "kate": {"manager": "bob", **team},
        "henry": {"manager": "grace", **team},
        "grace": {"manager": "carol"},
        "judy": {"manager": "carol"},
        "svc": {"groups": frozenset({"sec-iam"})},
    }
    for name in (*PEOPLE, "henry"):
        if name not in gate.directory.people and name not in _OF_PEOPLE:
            mail, accounts = f"{name}@example.com", {SOURCE: (name,), "corp-scim": (name,)}
            person = Person(name, name.title(), mail, accounts=accounts, **known.get(name, {}))
            gate.directory.people[name] = person
    gate.directory.change("frank", active=True)


class Whole:
    """The application, what is open in it, and a browser for everybody."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        _cast(gate)
        signer = CheckpointSigner([key_of("alice")], gate.path.parent / "memory")
        self.sign = Checkpointer(gate.store, signer, ORIGIN).sign
        self.sign()
        own = {name: one.own_users for name, one in gate.deliveries.sources.items()}
        here = (gate.store, gate.clock, gate.directory, gate.desk.snapshot)
        parts = (*here, ROLES, gate.in_force, own)
        self.provider = desk_of(gate, SETTINGS, Told())
        self.triage = TriageDesk(*parts)
        self.quarantine = QuarantineDesk(*parts, gate.deliveries.sources)
        self.exceptions = ExceptionDesk(*parts, gate.deliveries.sources)
        self.requests = RequestDesk(*parts)
        self.console = ConsoleDesk(*parts)
        self.emergencies = EmergencyDesk(*parts[:-1], gate._log)
        self.passkeys = PasskeyDesk(*parts, Site(RP_ID, f"https://{RP_ID}"), p256.verify)
        self.restores = RestoreDesk(*parts[:-1], (SOURCE,))
        self.abandoning = AbandonDesk(*parts)
        self.evidence = EvidenceDesk(*parts, ORIGIN, signer.newest, ())
        hand_out = HandOut(gate.store, signer, public=True)
        self.app: flask.Flask = create_app(
            gate.desk,
            public_url=HOME,
            session_key=SESSION_KEY,
            new_secret=gate.ids.token,
            extra_blueprints=[
                evidence_pages(lambda: hand_out),
                probes(lambda: {"store": (True, "")}, CollectorRegistry()),
            ],
            restores=self.restores,
            lanes=(self.triage, self.quarantine, self.exceptions),
            requests=(self.requests, self.console),
            sign_in=SignInWays(mail_code=True, provider=self.provider),
            emergencies=self.emergencies,
            passkeys=self.passkeys,
            evidence=self.evidence,
            abandoning=self.abandoning,
        )
        self._lose()
        self.clients = self._everybody()
        self._duties()
        self._open()

    # --- how it comes to be -------------------------------------------------------------------

    def _lose(self) -> None:
        """A restore from a backup that nobody has declared."""
        self.gate.write(partial(note_loss, loss=LOSS))

    def _everybody(self) -> dict[str, FlaskClient]:
        """A browser for each, signed in by the desk; then time passes and people change."""
        found = {"expired": self._signed_in("bob")}
        self.gate.clock.at += timedelta(hours=1, seconds=1)
        for name in PEOPLE:
            if name in {"nobody", "token"}:
                found[name] = self.app.test_client()
            elif name != "expired":
                found[name] = self._signed_in(name)
        self.gate.directory.leave("frank")
        self.gate.directory.change("svc", kind="nhi")
        return found

    def pass_hours(self, *hours: int) -> None:
        """So much time passes, and everybody signs in anew; the same are barred again."""
        for many in hours:
            self.gate.tick(many * 3600)
        self.gate.directory.change("frank", active=True)
        self.gate.directory.change("svc", kind="human")
        self.clients = self._everybody()

    def _duties(self) -> None:
        now, directory = self.gate.clock.at, self.gate.directory
        directory.delegate("bob", "dan", now, 48)
        directory.delegate("judy", "mallory", now, 48)
        directory.change("judy", away=(directory.duties.delegations[-1].window,))

    def _signed_in(self, person: str) -> FlaskClient:
        browser, gate = f"browser of {person} {self.gate.ids.count}", self.gate
        address = gate.directory.people[person].mail
        assert gate.desk.ask_code(browser, address=address, token=None) is None
        gate.run_mail()
        words = gate.post.to(address)[-1].text.split()
        code = next(word for word in words if word.isdigit() and len(word) == 8)
        session = gate.desk.enter_code(browser, code)
        assert isinstance(session, Session), session
        client = self.app.test_client()
        with client.session_transaction() as kept:
            kept["sid"] = session.id
        if person == "bob":
            self._bob = session
        return client

    def _open(self) -> None:
        gate = self.gate
        gate.deliver(doubtful())
        gate.deliver(b"[1]", "msg-unreadable")
        gate.deliver(access_ticket("x1", updated_by="svc-nobody-knows"))
        gate.deliver(access_ticket("other", by="henry", beneficiary="henry"))
        gate.deliver(access_ticket("t1", by="alice", beneficiary="kate"))
        asked = emergencies.form_of(gate, "bob", what="sales-reports")
        begun = self.emergencies.invoke(gate.session("bob"), asked)
        assert isinstance(begun, Emergency), begun
        gate.settle()
        gate.write(partial(given, ident=begun.grant))
        made = self.passkeys.begin(self._bob)
        assert isinstance(made, Ceremony), made
        key = Made(*Passkey("bob").register(challenge_of(made.payload)))
        enrolled = self.passkeys.finish(self._bob, key)
        assert isinstance(enrolled, PasskeyRow), enrolled
        self.link = gate.tokens("bob")[-1]
        self.passkey = enrolled
        self._idents = {
            "triage": _first(self.triage.listed("tina")),
            "quarantine": _first(self.quarantine.listed("tina")),
            "exceptions": _first(self.exceptions.listed("olga")),
            "requests": next(one.id for one in gate.requests() if one.ticket_number == "RITM-t1"),
            "emergency": begun.id,
            "grants": begun.grant,
            "links": self._link_of("bob"),
            "revocations": gate.write(overdue).id,
        }

    def _link_of(self, person: str) -> str:
        """The id of the link that the first page lists for somebody."""
        found = home(self.console, person)
        assert isinstance(found, Home), found
        return found.decide[0].link

    def made(self) -> dict[str, str]:
        """What Bob's browser posts at the end of an enrolment that he has begun."""
        begun = self.passkeys.begin(self._bob)
        assert isinstance(begun, Ceremony), begun
        client, attestation = Passkey("bob's second").register(challenge_of(begun.payload))
        return {"client_data": encode(client), "attestation": encode(attestation)}

    def path(self, route: str) -> str:
        """A route of the map with what is open in its place."""
        for name, ident in self._idents.items():
            route = route.replace(f"/{name}/<ident>", f"/{name}/{ident}")
        there = {"<link>": self.link, "<path:path>": "0/000.p/1", "<index>": "0",
                 "<path:filename>": "style.css"}  # fmt: skip
        for part, value in there.items():
            route = route.replace(part, value)
        assert "<" not in route, f"nothing is open at {route}: say so in tests/web/whole.py"
        return route

    # --- who asks -----------------------------------------------------------------------------

    def headers(self, who: str) -> dict[str, str]:
        """What this browser says besides its cookies."""
        return BROWSER | ({"Authorization": f"Bearer {self.link}"} if who == "token" else {})

    def look(self, who: str, path: str, method: str = "GET") -> TestResponse:
        """A look at a page."""
        return self.clients[who].open(path, method=method, headers=self.headers(who), buffered=True)

    def csrf(self, who: str) -> str:
        """The token of this browser's own session."""
        forms = Forms(self.look(who, "/sign-in").text).forms
        return next(fields["csrf_token"] for _, fields in forms if "csrf_token" in fields)

    def form(self, right: str, page: str, action: str, **known: str) -> dict[str, str]:
        """A form as the one who may fill it sees it."""
        forms = Forms(self.look(right, page).text).forms
        found = [fields for where, fields in forms if where == action]
        return next(one for one in found if known.items() <= one.items())

    def send(self, who: str, path: str, fields: Mapping[str, str]) -> TestResponse:
        """A form filled in by somebody who knows all of it, with their own browser's token."""
        sent = {**fields, "csrf_token": self.csrf(who)}
        return self.clients[who].post(path, data=sent, headers=self.headers(who))

    def say(self, who: str, path: str, body: Mapping[str, object]) -> TestResponse:
        """A word to the API, with the token of their own browser."""
        headers = self.headers(who) | {"X-CSRF-Token": self.csrf(who)}
        return self.clients[who].post(path, json=body, headers=headers)

    def state(self, *own: str) -> str:
        """A digest of every table that decides anything."""
        told = sha256()
        with closing(schema.connect(self.gate.path, read_only=True)) as db:
            names = [
                row[0]
                for row in db.execute(
                    "SELECT name FROM sqlite_master WHERE type='table' ORDER BY name"
                )
            ]
            for name in names:
                if name not in own:
                    rows = db.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608 -- a table
                    told.update(repr((name, sorted(map(repr, rows)))).encode())
        return told.hexdigest()


def given(tx: Transaction, now: datetime, ident: str) -> Grant:
    """This access is there, as it was before the restore that holds it up."""
    planned = tx.grants.get(ident)
    assert planned is not None
    end = now + timedelta(seconds=planned.seconds)
    held = replace(planned, principal=principal(planned.subject), not_after=end, since=now)
    begun = replace(held, state=GrantState.PROVISIONING)
    told: dict[str, Json] = {"before": "absent", "baseline": False, "deadline": to_text(now)}
    told |= {"plan": "remove", "command": "cmd_before"}
    begun = move(tx, now, planned, begun, "approved", told)
    active = replace(begun, state=GrantState.ACTIVE)
    return move(tx, now, begun, active, "confirmed", {"confirmed": True})


def overdue(tx: Transaction, now: datetime) -> Grant:
    """Access of Henry's, given by hand, of which the target knows no account."""
    policy = emergencies.policy_with(emergencies.RULES)
    what = policy.entitlement("sales-reports")
    assert what is not None
    begun = of_emergency(
        tx, emergency="emg_by_hand", subject="henry", entitlement=what, seconds=60, activate_by=now
    )
    held = replace(
        begun,
        state=GrantState.REVOKING,
        origin=CLAIMED,
        cause=CLAIMED,
        not_after=now,
        revoking_since=now,
    )
    save_new(tx, held, CLAIMED)
    return move(tx, now, held, replace(held, state=GrantState.REVOKE_OVERDUE), "account_not_found")


class _Listed(Protocol):
    @property
    def id(self) -> str: ...


def _first(found: Sequence[_Listed] | Refusal) -> str:
    assert not isinstance(found, Refusal), found
    return found[0].id


@contextmanager
def whole() -> Iterator[Whole]:
    """One of them."""
    more = Allowed("sales-reports", (Word("group", "platform-engineering"),), "policy.yaml:91")
    rules = emergencies.RULES
    policy = emergencies.policy_with(replace(rules, allow=(*rules.allow, more)))
    limits = tuple(replace(one, extend=1) for one in policy.limits)
    with folder() as path:
        gate = Gate(path, replace(policy, limits=limits))
        try:
            yield Whole(gate)
        finally:
            gate.stop()
