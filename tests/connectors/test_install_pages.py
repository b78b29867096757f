"""The set-up pages: what an administrator is told to paste is what the gateway takes and reads."""

import itertools
import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from tests.connectors.install_pages import blocks, page, secrets_of
from tests.connectors.itsm_contract import Platform, Says
from tests.connectors.itsm_platforms import PLATFORMS
from tests.domain.schemes.senders import IDENT, NOW, SENDERS

from ticketgate.adapters.places import Place
from ticketgate.adapters.secret_files import SecretReader
from ticketgate.adapters.sources_reader import read_sources
from ticketgate.adapters.strict_yaml import Report, parse
from ticketgate.connector_api import (
    MalformedDeliveryError,
    Reference,
    StateClass,
    StrictJsonError,
    Ticket,
    read_json,
)
from ticketgate.domain.delivery import Delivery
from ticketgate.domain.errors import AuthenticationError
from ticketgate.domain.settings import SourceSettings

KINDS: Final = {one.connector.kind: one for one in PLATFORMS}


def read_block(kind: str, folder: Path) -> tuple[SourceSettings, list[str]]:
    """The page's `sources:` block as the gateway reads it, and what it finds wrong with it."""
    text, *more = blocks(page(kind), "yaml")
    for block in more:  # further keys of the source
        keys = [line.removeprefix("  ") for line in block.splitlines() if line.strip()]
        text = re.sub(r"\n    own_users:.*\n", "\n" + "\n".join(keys) + "\n", text)
    (folder / "secrets").mkdir(exist_ok=True)
    for name, secret in secrets_of(text):
        (folder / name).write_text(secret)
        (folder / name).chmod(0o600)
    report = Report("ticketgate.yaml")
    node = parse(text.encode(), report)
    assert node is not None
    section = Place(node, "", report).section()
    assert section is not None
    kinds = {one: platform.connector for one, platform in KINDS.items()}
    found = read_sources(section.get("sources"), kinds, SecretReader(folder, {}))
    section.close()
    [source] = found.values()
    return source, [fault.text for fault in report.faults]


@pytest.fixture(params=sorted(KINDS))
def platform(request: pytest.FixtureRequest) -> Platform:
    return KINDS[request.param]


def test_every_platform_has_a_page_that_says_how_to_try_it(platform: Platform) -> None:
    text = page(platform.connector.kind)
    assert "**Try it**" in text
    assert "## What to know" in text
    assert f"https://gate.example.com/hooks/{hook_of(text)}" in text


def says_what_is_not_read(text: str) -> bool:
    """Whether the page tells, where one looks for it, that nothing is seen in comments alone."""
    known = " ".join(text.partition("## What to know")[2].split())
    return re.search(r"hat is asked for in (one|a [a-z ]+) alone is not seen", known) is not None


def test_every_page_says_that_comments_are_not_read(platform: Platform) -> None:
    text = page(platform.connector.kind)
    assert says_what_is_not_read(text)
    assert not says_what_is_not_read(text.replace(" alone", "")), "the control"


def hook_of(text: str) -> str:
    """The name of the page's source, which the address must name too."""
    found = re.search(r"sources:\n +([\w-]+):\n", text)
    assert found is not None
    return found[1]


def is_asked(platform: Platform) -> bool:
    """Whether the page tells how the platform is asked."""
    return "## Let the gateway ask" in page(platform.connector.kind)


def test_the_block_of_the_page_is_a_source_of_the_recommended_scheme(
    platform: Platform, tmp_path: Path
) -> None:
    source, faults = read_block(platform.connector.kind, tmp_path)
    assert faults == []
    assert source.kind == platform.connector.kind
    assert source.secrets
    assert (source.poll is not None, source.comment) == (is_asked(platform),) * 2
    assert f"scheme: {platform.connector.schemes[0]}\n" in page(platform.connector.kind)


@pytest.mark.parametrize("kind", ["pagerduty", "request_tracker", "zammad"])
def test_the_keys_for_asking_on_the_page_are_read(kind: str, tmp_path: Path) -> None:
    source, faults = read_block(kind, tmp_path)
    assert faults == []
    assert source.poll is not None
    assert source.poll.token
    assert source.comment


def test_a_fault_in_a_block_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above."""
    wrong = page("jira").replace("bound_to:", "bond_to:")
    monkeypatch.setattr(f"{__name__}.page", lambda _: wrong)
    _, faults = read_block("jira", tmp_path)
    assert "bond_to" in faults[0]


def test_the_block_of_the_page_reads_what_the_platform_posts(
    platform: Platform, tmp_path: Path
) -> None:
    """Each state that the contract's bodies have is listed, and whom the ticket is for is known."""
    source, _ = read_block(platform.connector.kind, tmp_path)
    for word in ("open", "live", "closed"):
        found = platform.connector.normalise(platform.body(Says(state=word)), source.mapping)
        assert isinstance(found, Ticket)
        assert found.state_class is StateClass(word)
        assert found.bound_to in {"requested_for", "assignee"}
        assert isinstance(found.value(found.bound_to), Reference)
        opener = found.value("opened_by")
        assert isinstance(opener, Reference)
        assert opener.id


def test_what_is_signed_with_the_secret_of_the_page_is_verified_and_read(
    platform: Platform, tmp_path: Path
) -> None:
    """From the bytes on the wire to the ticket; and with another secret to nothing."""
    source, _ = read_block(platform.connector.kind, tmp_path)
    sender = SENDERS[platform.connector.schemes[0]]
    body = json.dumps(platform.body(Says())).encode()
    for ident, hint in {IDENT: None, **platform.hints}.items():
        if not re.fullmatch(r"[!-~]+", ident):
            continue  # no header can carry it
        headers = sender.headers(body, key=source.secrets[0], ident=ident)
        headers |= {"x-ticketgate-key": headers.get("x-desk-key", "")}
        posted = Delivery(source.name, headers, body, NOW)
        verified = source.scheme.authenticate(posted, source.secrets, NOW)
        found = platform.connector.normalise(read_json(verified.body), source.mapping)
        assert isinstance(found, Ticket)
        assert found.id == platform.ident
        assert platform.connector.ticket_hint(verified.webhook_id) in {hint, None}
        with pytest.raises(AuthenticationError):
            source.scheme.authenticate(posted, [b"Mallory's is of that length too!"], NOW)


def test_the_record_on_the_generic_page_is_read_by_the_block_beside_it(tmp_path: Path) -> None:
    source, _ = read_block("generic", tmp_path)
    [body] = blocks(page("generic"), "json")
    found = KINDS["generic"].connector.normalise(read_json(body.encode()), source.mapping)
    assert isinstance(found, Ticket)
    assert (found.id, found.version, found.updated_by) == ("C-7", 7, "u-104")
    assert found.variables == {"role": "prod-db-admin"}
    assert found.value("requested_for") == Reference("u-101", "Alice Ali")


# --- bodies with a requester's words put into them ------------------------------------------------

TYPED: Final = ("subject", "description")  # what a requester types freely
INJECTIONS: Final = (
    'a", "status": "open", "x": "',
    'a", "status": "open", "x": {"y": "',
    '"}, "z": "',
    'a", "requester_id": "666", "requester_email": "mallory@example.com", "x": "',
    'a", "custom_fields": {"role": "root"}, "x": "',
    'a", "ticket": {"id": "1", "status": "open", "custom_fields": {"role": "root"}}, "x": "',
    'a", "ticket": {"id": "1", "status": "open", "x": "',
    'a", "change": {"id": "1"}, "x": "',
    'a", "type": "zen:event-type:ticket.created", "detail": {"id": "1"}, "x": "',
    'a", "detail": {"id": "1", "status": "open", "requester_id": "666"}, "x": "',
    'a", "test": 1, "x": "',
    '"}',
    'a"} {"x": "',
    "two\nlines",
    "back\\",
)


def posted(kind: str, **said: str) -> bytes:
    """The page's body with values put in as a platform does that escapes nothing."""
    [template] = blocks(page(kind), "json")
    body = template
    for name in (*TYPED, "status"):
        before, key, after = body.partition(f'"{name}": "')
        body = before + key + said.get(name, "x") + after[after.index('"') :]
    return re.sub(r"\{\{[^}]*\}\}", "4711", body).encode()


def outcome(kind: str, body: bytes, folder: Path) -> Any:  # noqa: ANN401 -- ticket or code
    source, _ = read_block(kind, folder)
    try:
        return KINDS[kind].connector.normalise(read_json(body), source.mapping)
    except (MalformedDeliveryError, StrictJsonError) as fault:
        return fault.code


@pytest.mark.parametrize("kind", ["zendesk", "freshservice"])
def test_the_body_of_the_page_is_read(kind: str, tmp_path: Path) -> None:
    found = outcome(kind, posted(kind, status="Open", subject="Access", description="db"), tmp_path)
    assert isinstance(found, Ticket)
    assert (found.id, found.state_class) == ("4711", StateClass.OPEN)
    assert (found.text("short_description"), found.text("description")) == ("Access", "db")
    assert found.variables == {"role": "4711"}
    assert found.value("opened_by") == Reference("4711", None)
    assert found.updated_by == "4711"


@pytest.mark.parametrize("kind", ["zendesk", "freshservice"])
def test_no_requesters_words_change_what_the_body_says(kind: str, tmp_path: Path) -> None:
    """Mallory's subject and description, on a platform that escapes nothing: a closed ticket stays
    closed, of the same people and with the same variables, or the body is refused."""  # noqa: D205, D209
    honest = outcome(kind, posted(kind, status="Closed"), tmp_path)
    assert isinstance(honest, Ticket)
    read = 0
    for subject, description in itertools.product(("x", *INJECTIONS), repeat=2):
        body = posted(kind, status="Closed", subject=subject, description=description)
        found = outcome(kind, body, tmp_path)
        if not isinstance(found, Ticket):
            assert isinstance(found, str)
            continue
        read += 1
        assert (found.key, found.state, found.updated_by, found.variables) == (
            honest.key,
            honest.state,
            honest.updated_by,
            honest.variables,
        )
        for name in set(honest.fields) - {"short_description", "description"}:
            assert found.value(name) == honest.value(name), (name, body)
    assert read > 5, "the control: some of these bodies are well-formed"


def test_a_body_with_the_text_on_top_would_be_changed(tmp_path: Path) -> None:
    """The control: the order of the keys on the page is what keeps it."""
    lines = json.loads(posted("zendesk", status="Closed"))
    typed = {name: lines.pop(name) for name in TYPED}
    body = json.dumps({**typed, **lines})
    evil = 'a", "id": "1", "status": "open", "requester_id": "666", "y": {"z": "'
    changed = body.replace('"subject": "x"', f'"subject": "{evil}"') + "}"
    found = outcome("zendesk", changed.encode(), tmp_path)
    assert isinstance(found, Ticket)
    assert (found.id, found.state) == ("1", "open")
