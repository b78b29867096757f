"""More text never makes less of a ticket: whole policies, whole tickets, whatever is added."""

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.shipped import without_packs

from ticketgate.adapters.config.policy_file import load_policy
from ticketgate.domain.classifying.classify import classify
from ticketgate.domain.classifying.facts import TicketFacts
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.text.weights import Weights
from ticketgate.domain.tickets.identity_event import UNKNOWN_KIND, Classification, Verdict
from ticketgate.domain.tickets.ticket import (
    FIELD_TEXT_MAX,
    Missing,
    Reference,
    StateClass,
    Ticket,
    Value,
)

ROOT = Path(__file__).resolve().parents[2]
PACKS = "\npacks: [servicenow_catalog, jira_request_types, helpdesk_phrases]\nlanguages: [en]\n"
ORDER = (Verdict.NOT_IDENTITY, Verdict.UNCERTAIN, Verdict.IDENTITY)
PHRASES = ("password reset", "break glass", "vpn", "sudo", "new starter", "access to", "revoked")
OTHER = ("my printer", "bitte ich kann nicht", "сбросьте пожалуйста пароль", "the paper is out")
MARKUP = ("<b>", "</b>", "<a x='", "'>", "&nbsp;", "&#118;pn", "su<i></i>do", "<", ">", "&lt;",
          "<!--", "-->", "<!x>", "<?", "[b]", "[", "]", "{color}", "{", "v[b]pn")  # fmt: skip
TEXTS = st.lists(st.sampled_from(PHRASES + OTHER), max_size=3).map(" and ".join)
DISGUISES = (
    "%76pn",
    "%",
    "%2",
    "4dm1n",
    "p4ss",
    "10",
    "dnBuIGFuZCBzdWRv",
    "\u202e",
    "=",
    "%25%37%36",
    "\\u0076pn",
    "%u0076",
    "\\",
)
MORE = st.one_of(
    st.lists(st.sampled_from(DISGUISES)).map(" ".join),
    st.lists(st.sampled_from(DISGUISES)).map("".join),
    st.text(max_size=30),
    TEXTS,
    st.lists(st.sampled_from(MARKUP)).map("".join),
)
BETWEEN = (
    *("\u200b", "\u00ad", "\u0301", "\u02c8", "-", " ", "_", "\n", ".", "<b></b>", "&shy;"),
    *(
        "<!--x-->",
        "<o:p></o:p>",
        "<x-y>",
        '<b title="a>b">',
        "<style>q</style>",
        "<script>q</script>",
    ),
    *("<![CDATA[x]]>", "<?x y?>", '<span style="display:none">q</span>', "<del>x</del>", "~~x~~"),
    *("[b]", "[/b]", "{color:red}", "{color}", "[](x)"),
)


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    path = tmp_path_factory.mktemp("policy") / "policy.yaml"
    path.write_text(without_packs((ROOT / "config" / "policy.yaml").read_text()) + PACKS)
    learnt = Weights({"printer": 700, "paper is": 400}, 1000, "weights.json", 1, "d")
    return replace(load_policy(path), weights=learnt)


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    items = st.sampled_from(["Password Reset", "Elevated access", "Laptop", "Access"])
    fields: dict[str, Value | Missing] = {
        "short_description": draw(TEXTS),
        "description": draw(TEXTS),
        "category": draw(st.sampled_from(["network", "access", "hardware"])),
        "priority": draw(st.sampled_from(["1", "3"])),
    }
    table = draw(st.sampled_from(["incident", "sc_req_item"]))
    if table == "sc_req_item":
        fields["catalog_item"] = draw(st.one_of(items.map(lambda name: Reference("c", name))))
    variables = {"why": draw(TEXTS)}
    return Ticket(
        "snow-prod", table, "1", 1, "1", StateClass.OPEN, "alice",
        fields=fields, variables=variables,
    )  # fmt: skip


def with_text(ticket: Ticket, name: str, text: str) -> Ticket:
    value: Value | Missing = Missing.ABSENT if len(text) > FIELD_TEXT_MAX else text
    return replace(ticket, fields={**ticket.fields, name: value})


def no_less(before: Classification, after: Classification) -> bool:
    return (
        ORDER.index(after.verdict) >= ORDER.index(before.verdict)
        and after.tier >= before.tier
        and set(after.kinds) | {UNKNOWN_KIND} >= set(before.kinds)
    )


def said(policy: Policy, ticket: Ticket) -> Classification:
    return classify(policy, TicketFacts(ticket), traced=False)


FIELDS = st.sampled_from(["short_description", "description"])


@given(ticket=tickets(), name=FIELDS, more=MORE, at=st.sampled_from(["before", "after", "line"]))
def test_text_before_after_or_between_lines_makes_no_less(
    policy: Policy, ticket: Ticket, name: str, more: str, at: str
) -> None:
    text = ticket.text(name)
    longer = {
        "before": f"{more} {text}",
        "after": f"{text} {more}",
        "line": f"{more}\n{text}\n{more}",
    }
    after = said(policy, with_text(ticket, name, longer[at]))
    assert no_less(said(policy, ticket), after)


@given(ticket=tickets(), more=MORE)
def test_one_variable_more_makes_no_less(policy: Policy, ticket: Ticket, more: str) -> None:
    variables = {**(ticket.variables or {}), "nobody_asks_for_this": more}
    assert no_less(said(policy, ticket), said(policy, replace(ticket, variables=variables)))


@given(ticket=tickets(), name=FIELDS)
def test_a_text_too_long_to_be_read_makes_no_less(
    policy: Policy, ticket: Ticket, name: str
) -> None:
    longer = with_text(ticket, name, ticket.text(name) + " x" * FIELD_TEXT_MAX)
    assert no_less(said(policy, ticket), said(policy, longer))


@given(
    phrase=st.sampled_from(PHRASES), between=st.sampled_from(BETWEEN), data=st.data()
)  # fmt: skip
def test_nothing_put_between_letters_hides_a_phrase(
    policy: Policy, phrase: str, between: str, data: st.DataObject
) -> None:
    at = data.draw(st.sets(st.integers(1, len(phrase) - 1), max_size=4))
    dressed = "".join(between + char if n in at else char for n, char in enumerate(phrase))
    plain = replace(policy, weights=None, languages=None)
    ticket = Ticket("s", "incident", "1", 1, "1", StateClass.OPEN, "a", fields={})
    before = said(plain, with_text(ticket, "description", f"hello {phrase} thanks"))
    assert before.verdict is Verdict.UNCERTAIN, "the control"
    assert no_less(before, said(plain, with_text(ticket, "description", f"hello {dressed} thanks")))


def undo_me(phrase: str, how: str) -> str:
    """The phrase, written so that whoever reads it must undo something."""
    if how == "percent":
        return "".join(f"%{byte:02X}" for byte in phrase.encode())
    if how == "numbers":
        return "".join(f"\\u{ord(char):04x}" for char in phrase)
    if how == "old numbers":
        return "".join(f"%u{ord(char):04X}" for char in phrase)
    if how == "base64":
        return base64.b64encode(f"please {phrase} now".encode()).decode()
    if how == "leet":
        return phrase.translate(str.maketrans("aeiost", "431057"))
    return f"\u202e{phrase[::-1]}\u202c"


@given(
    ticket=tickets(),
    name=FIELDS,
    phrase=st.sampled_from(PHRASES),
    how=st.sampled_from(["percent", "numbers", "old numbers", "base64", "leet", "turned"]),
)
def test_a_phrase_in_disguise_makes_no_less_than_the_phrase(
    policy: Policy, ticket: Ticket, name: str, phrase: str, how: str
) -> None:
    if how == "leet" and undo_me(phrase, how) == phrase:
        return  # no letter of it has a digit that looks like it
    text = ticket.text(name)
    before = said(policy, ticket)
    plain = said(policy, with_text(ticket, name, f"{text} {phrase}"))
    assert ORDER.index(plain.verdict) >= ORDER.index(Verdict.UNCERTAIN), "the control"
    after = said(policy, with_text(ticket, name, f"{text} {undo_me(phrase, how)}"))
    assert no_less(before, after)
    assert ORDER.index(after.verdict) >= ORDER.index(plain.verdict)
    assert after.tier >= plain.tier


def test_a_rule_that_asks_what_is_not_there_would_be_seen(policy: Policy) -> None:
    """The control: less text is less, and the order tells it."""
    ticket = Ticket("s", "incident", "1", 1, "1", StateClass.OPEN, "a", fields={})
    more = said(policy, with_text(ticket, "description", "password reset"))
    assert not no_less(more, said(policy, with_text(ticket, "description", "my paper")))
