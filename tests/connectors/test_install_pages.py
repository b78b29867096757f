"""The set-up pages: what an administrator is told to paste is what the gateway takes and reads."""

import contextlib
import itertools
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from tests.connectors.install_pages import blocks, page, secrets_of
from tests.connectors.itsm_contract import Platform, Says
from tests.connectors.itsm_platforms import PLATFORMS
from tests.domain.schemes.senders import IDENT, NOW, SENDERS
from typing_extensions import override

from ticketgate.adapters.config.sources_reader import read_sources
from ticketgate.adapters.files.places import Place
from ticketgate.adapters.files.secret_files import SecretReader
from ticketgate.adapters.files.strict_yaml import Report, parse
from ticketgate.connector_api import (
    MalformedDeliveryError,
    Reference,
    SourceMapping,
    StateClass,
    StrictJsonError,
    TableMapping,
    Ticket,
    read_json,
)
from ticketgate.domain.errors import AuthenticationError
from ticketgate.domain.settings import SourceSettings
from ticketgate.domain.tickets.delivery import Delivery

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


def test_every_page_lists_what_is_not_read(platform: Platform) -> None:
    text = page(platform.connector.kind)
    _, heading, behind = text.partition("\n## What is not read\n")
    assert heading
    assert len(behind.partition("\n## ")[0].split()) > 5


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
    assert (source.poll is not None, bool(source.comment_on)) == (is_asked(platform),) * 2
    assert f"scheme: {platform.connector.schemes[0]}\n" in page(platform.connector.kind)


@pytest.mark.parametrize("kind", ["pagerduty", "request_tracker", "zammad"])
def test_the_keys_for_asking_on_the_page_are_read(kind: str, tmp_path: Path) -> None:
    source, faults = read_block(kind, tmp_path)
    assert faults == []
    assert source.poll is not None
    assert source.poll.token
    assert source.comment_on


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

FILLED: Final = ("freshservice", "zendesk")  # the pages with a template that the platform fills in
TYPED: Final = ("subject", "description")  # what a requester types freely
TEXTS: Final = {"short_description", "description", "text"}  # of a ticket: theirs to choose
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
EVENT: Final = {"type": "zen:event-type:ticket.soft_deleted"}


class Spy(dict[str, Any]):
    """An object of a body that notes in `asked` which of its keys a connector looks for."""

    def __init__(self, cells: dict[str, Any], asked: set[str]) -> None:
        super().__init__(cells)
        self.asked = asked

    @override
    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)

    @override
    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)

    @override
    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


def keys_read(kind: str) -> set[str]:
    """Every key, at any depth and of any shape of body, that the connector looks for."""
    asked: set[str] = set()
    record = Spy({"id": "1"}, asked)
    mapping = SourceMapping("desk", {name: TableMapping(name) for name in ("ticket", "change")})
    shapes = (
        template(kind) | {"id": "1"},
        {"ticket": record},
        {"change": record},
        {**EVENT, "detail": record},
    )
    for shape in shapes:
        with contextlib.suppress(MalformedDeliveryError):
            KINDS[kind].connector.normalise(Spy(shape, asked), mapping)
    return {key for key in asked if "." not in key}


def template(kind: str, without: str = "") -> dict[str, Any]:
    """The page's body, less one line."""
    [found] = blocks(page(kind), "json")
    return {key: cell for key, cell in json.loads(found).items() if key != without}


def posted(body: dict[str, Any], **said: str) -> bytes:
    """The template with values put in as a platform does that escapes nothing."""
    said_in = body.keys() & {*TYPED, "status"}
    text = json.dumps({**body, **{name: f"<{name}>" for name in said_in}})
    text = re.sub(r"\{\{[^}]*\}\}", "4711", text)
    for name in (*TYPED, "status"):
        text = text.replace(f"<{name}>", said.get(name, "x"))
    return text.encode()


def outcome(source: SourceSettings, body: bytes) -> Any:  # noqa: ANN401 -- ticket or code
    try:
        return KINDS[source.kind].connector.normalise(read_json(body), source.mapping)
    except (MalformedDeliveryError, StrictJsonError) as fault:
        return fault.code


def without_texts(ticket: Ticket) -> Ticket:
    """The ticket without the words of its requester; but rules must be as blind as they were."""
    told = {name: "" for name in TEXTS if isinstance(ticket.value(name), str)}
    return replace(ticket, fields={**ticket.fields, "text": "", **told})


def told_otherwise(source: SourceSettings, body: dict[str, Any], *words: str) -> list[str]:
    """What came of each pair of a subject and a description of these: a code, or what changed."""
    honest = outcome(source, posted(body, status="Closed"))
    assert isinstance(honest, Ticket), "the control: the honest body passes"
    found = []
    for subject, text in itertools.product(("x", *words), repeat=2):
        said = outcome(source, posted(body, status="Closed", subject=subject, description=text))
        if isinstance(said, str):
            found.append(said)
        elif not isinstance(said, Ticket) or without_texts(said) != without_texts(honest):
            found.append(f"changed by {subject!r} and {text!r}")
    return found


@pytest.fixture(params=FILLED)
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> SourceSettings:
    """The source of a page that has a template."""
    return read_block(request.param, tmp_path)[0]


def test_the_pages_with_a_template_are_those_that_say_so(platform: Platform) -> None:
    """Where the platform itself writes the JSON, no words can write keys; each page says which."""
    kind = platform.connector.kind
    assert re.search(r"(write|wrote)\s+keys", page(kind))
    has_template = "{{" in "".join(blocks(page(kind), "json"))
    assert has_template == (kind in FILLED)


def test_the_body_of_the_page_is_read(filled: SourceSettings) -> None:
    body = posted(template(filled.kind), status="Open", subject="Access", description="db")
    found = outcome(filled, body)
    assert (found.id, found.state_class) == ("4711", StateClass.OPEN)
    assert (found.text("short_description"), found.text("description")) == ("Access", "db")
    assert (found.variables, found.updated_by) == ({"role": "4711"}, "4711")
    assert found.value("opened_by") == Reference("4711", None)


def test_no_requesters_words_change_what_the_body_says(filled: SourceSettings) -> None:
    """A closed ticket stays so, of the same people and variables, or the body is refused."""
    said = told_otherwise(filled, template(filled.kind), *INJECTIONS)
    assert set(said) == {"not_json", "duplicate_key", "unknown_keys"}


def lone(key: str) -> tuple[str, ...]:
    """Words that write one key alone, with a text, and with what is none."""
    return (
        f'x", "{key}": "666',
        f'x", "{key}": true, "y": "',
        f'x", "{key}": {{"id": "1"}}, "y": "',
        f'x", "{key}": {{"id": "{{{{test}}}}"}}, "y": "',
    )


def test_no_lone_key_that_the_connector_reads_can_be_added(filled: SourceSettings) -> None:
    """Whatever the connector reads in any shape, and the template does not have."""
    body = template(filled.kind)
    others = keys_read(filled.kind) - body.keys()
    assert others >= {"updated_at", "deleted", "requester_id", "change"} or others >= {
        *("actor_id", "form_id", "ticket_form_id", "detail", "time", "ticket", "raw_subject"),
    }
    for key in sorted(others):
        words, *more = lone(key)
        assert outcome(filled, posted(body, description=words)) == "unknown_keys", key
        said = told_otherwise(filled, body, words, *more)
        assert not [one for one in said if one.startswith("changed")]


def test_no_line_that_is_left_out_can_be_added_by_a_requester(filled: SourceSettings) -> None:
    """The page lets lines be left out that a plan does not offer."""
    for key in template(filled.kind).keys() - {"id", "status", *TYPED}:
        said = told_otherwise(filled, template(filled.kind, key), *lone(key))
        assert not [one for one in said if one.startswith("changed")], key


def test_no_text_that_is_left_out_can_be_added_by_another_text(filled: SourceSettings) -> None:
    """Rules are blind where the operator sends no text, whoever writes one."""
    subject = 'printer", "description": "no toner'
    assert outcome(filled, posted(template(filled.kind), subject=subject)) == "duplicate_key"
    lacking = {outcome(filled, posted(template(filled.kind, one))) for one in TYPED}
    assert lacking == {"unknown_keys"}
    for more, passes in (({}, True), ({"reason": "why"}, False)):
        table = replace(filled.mapping.tables["ticket"], map={"description": None, **more})
        source = replace(filled, mapping=SourceMapping(filled.name, {"ticket": table}))
        found = outcome(source, posted(template(filled.kind, "description"), subject=subject))
        assert (not isinstance(found, str) and "description" not in found.fields) == passes


def test_without_the_order_a_line_that_is_left_out_could_be_added(
    filled: SourceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""
    module = f"ticketgate_connectors.itsm.{filled.kind}.connector.filled_in"
    monkeypatch.setattr(module, lambda *_, **__: None)
    key = "custom_fields"
    said = told_otherwise(filled, template(filled.kind, key), *lone(key))
    assert [one for one in said if one.startswith("changed")]


def test_a_body_with_the_text_on_top_is_refused(filled: SourceSettings) -> None:
    """There an honest body would be one that its requester can change."""
    body = template(filled.kind)
    typed = {name: body.pop(name) for name in TYPED}
    assert isinstance(outcome(filled, posted({**body, **typed})), Ticket)
    assert outcome(filled, posted({**typed, **body})) == "unknown_keys"
    fields = body.pop("custom_fields")
    assert outcome(filled, posted({"custom_fields": fields, **body, **typed})) == "unknown_keys"


def test_a_line_that_the_operators_map_names_may_be_added(filled: SourceSettings) -> None:
    """A fact in front of what is typed, a reason among it."""
    body = template(filled.kind)
    typed = {name: body.pop(name) for name in TYPED}
    ours = {"hours": "4", **body, "why": "repair", **typed}
    assert outcome(filled, posted(ours)) == "unknown_keys"
    table = filled.mapping.tables["ticket"]
    more = replace(table, map={"duration": "hours", "reason": "why", "window": None})
    source = replace(filled, mapping=SourceMapping(filled.name, {"ticket": more}))
    found = outcome(source, posted(ours))
    assert isinstance(found, Ticket)
    assert (found.value("duration"), found.value("reason")) == ("4", "repair")
    both = replace(table, map={"reason": "priority", "text": "status", "window": "subject"})
    source_of_both = replace(filled, mapping=SourceMapping(filled.name, {"ticket": both}))
    assert isinstance(outcome(source_of_both, posted({**body, **typed})), Ticket), "as it was"
    for behind in ({**body, "why": "x", "hours": "4", **typed}, {**body, **typed, "hours": "4"}):
        assert outcome(source, posted(behind)) == "unknown_keys"
