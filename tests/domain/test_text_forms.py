"""Text forms: what a text is read as beside the way it is written, and what nobody can read."""

import base64
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.domain.classifying.classify import classify
from ticketgate.domain.classifying.facts import TicketFacts
from ticketgate.domain.classifying.hints import UNREAD_RULE
from ticketgate.domain.matching.matcher import Clause, Group, Matcher, decide
from ticketgate.domain.policy.policy import ClassifyRule, Policy
from ticketgate.domain.text import text_forms
from ticketgate.domain.text.folding import FoldedText, is_plain
from ticketgate.domain.text.language import Covered
from ticketgate.domain.text.text_forms import (
    FORMS_CHARS_MAX,
    RUN_CHARS_MIN,
    forms_of,
    leet_forms,
    overridden,
    undone,
)
from ticketgate.domain.text.weights import Weights
from ticketgate.domain.tickets.identity_event import Outcome, Tier, Verdict
from ticketgate.domain.tickets.looks import Look
from ticketgate.domain.tickets.ticket import Missing, Reference, StateClass, Ticket


class One:
    """Facts with one text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def look(self, _: str) -> Look:
        return Look((self.text,))


def found(text: str, test: str, value: str, *, wide: bool = True) -> bool:
    return decide(Clause("ticket.text", test, (value,), 1, wide=wide), One(text)) is Outcome.TRUE


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def every(text: str) -> str:
    """Every byte percent-encoded."""
    return "".join(f"%{byte:02x}" for byte in text.encode())


@pytest.mark.parametrize(
    ("text", "test", "value"),
    [
        ("please %61dmin access", "contains", "admin access"),
        ("please admin%20access", "contains", "admin access"),
        (r"v\u003cb\u003epn", "word", "vpn"),
        ("v%3Cb%3Epn", "word", "vpn"),
        ("<i>x</i> v%3Cb%3Epn", "word", "vpn"),
        ("v%26shy;pn a/%26%23118;", "contains", "a/v"),
        (quote(quote(every("vpn"))), "word", "vpn"),
        (every("pässwörd"), "equals", "pässwörd"),
        ("&#37;76pn please", "word", "vpn"),
        ("<b>%76</b>pn please", "word", "vpn"),
        (f"see {b64('admin access please')}", "contains", "admin access"),
        (f"see {b64('admin access please').rstrip('=')}!", "contains", "admin access"),
        (f"data:{b64('grant me vpn now?')},", "word", "vpn"),
        (base64.urlsafe_b64encode("give me vpn ÿÿ~~??>>".encode()).decode(), "word", "vpn"),
        (quote(b64("admin access pls")), "contains", "admin access"),
        (f"<p>{b64('admin access pls')}</p>", "contains", "admin access"),
        ("p\\u0061ssword \\x72eset", "contains", "password reset"),
        ("\\u{70}assword r\\u{00065}set", "contains", "password reset"),
        ("%u0076p%u006e", "word", "vpn"),
        ("%5Cu0076pn", "word", "vpn"),
        ("<b>4</b>dm1n[b]s", "word", "admins"),
        ("<b class=x>4</b>dm1n", "word", "admin"),
        ("need 4dm1n access", "contains", "admin access"),
        ("p4ssw0rd reset", "contains", "password reset"),
        ("passw0rd", "equals", "password"),
        ("p4ssw0rd reset", "startswith", "password reset"),
        ("reset my p4ssw0rd", "endswith", "password"),
        ("cannot 1ogin", "word", "login"),
        ("pr1v1leged acce55", "contains", "privileged access"),
        ("\uff14dm\uff11n", "word", "admin"),
        ("<i>4</i>dm1n", "word", "admin"),
        ("%34dm1n", "word", "admin"),
        ("<a 4dm1n >", "word", "admin"),
        ("<a %61dmin >", "word", "admin"),
        ("<a &#37;61dmin x>", "word", "admin"),
        (b64("need 4dm1n rights"), "word", "admin"),
    ],
)
def test_what_is_disguised_is_found(text: str, test: str, value: str) -> None:
    assert found(text, test, value)
    assert not found(text, test, value, wide=False), "the control: as written, it is not there"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("error 550 on line 4", "sso"),  # digits alone are a number
        ("call 55 0", "sso"),
        ("100 % of 4", "a"),
        ("C:\\users\\x7\\u00", "a"),
        ("v\\ud800pn", "vpn"),
        ("responsibilities_of_everybody", "admin"),
        (b64("admin")[:8], "admin"),  # too short to be told from a word
        (base64.b64encode(b"admin\x00\x01 access!").decode(), "admin"),
        (base64.b64encode(b"admin access\xff\xfe\xfd").decode(), "admin"),
    ],
)
def test_what_is_none_has_no_other_form(text: str, value: str) -> None:
    assert not found(text, "word", value)


@pytest.mark.parametrize(
    "text", ["", "plain text", "a" * 40, "/usr/local/lib/python3/site", "%", "5%"]
)
def test_a_plain_text_is_left_as_it_is(text: str) -> None:
    assert undone(text) == text
    assert forms_of((text,)).read == (text,)


def test_a_run_that_no_bytes_end_with_is_read_without_its_last_character() -> None:
    run = b64("admin access") + "x"
    assert undone(run) == "admin access"
    assert len(b64("admin access")) == RUN_CHARS_MIN


def test_a_word_is_read_with_letters_for_digits_only_where_it_mixes_them() -> None:
    assert leet_forms("see 10 vpn 2024") == ()
    assert leet_forms("x2, (b2b)") == (), "no digit of theirs looks like a letter"
    assert leet_forms("10 4dm1n, 3") == ("10 admin 3", "10 admln 3")
    assert leet_forms("w0rd") == ("word",)


@given(st.text(max_size=60), st.text(max_size=60))
def test_each_text_is_among_its_forms_and_two_have_those_of_both(one: str, other: str) -> None:
    both = forms_of((one, other))
    assert both.whole
    assert {one, other} <= set(both.read)
    assert set(both.leet) <= set(both.read)
    assert set(forms_of((one,)).read) | set(forms_of((other,)).read) == set(both.read)


@given(st.lists(st.sampled_from(["4dm1n", "vpn", "%76pn", "10", "<b>", "x"]), max_size=5))
def test_a_folded_text_holds_the_forms_of_its_parts(words: list[str]) -> None:
    text = " ".join(words)
    plain, wide = FoldedText(text), FoldedText(text, leet=(text,))
    assert plain.text in wide.text
    assert ("4dm1n" in words) == ("admin" in wide.text)


# --- what nobody can read -------------------------------------------------------------------------


def policy(*matches: Matcher, weights: Weights | None = None, languages: str = "") -> Policy:
    rules = [
        ClassifyRule(f"r{n}", "access.grant", tier, Verdict.IDENTITY, match, f"p:{n}", "d")
        for n, (match, tier) in enumerate(zip(matches, (Tier.HIGH, Tier.CRITICAL), strict=False))
    ]
    covered = Covered((languages,), "p:1", 1, "d") if languages else None
    return Policy("d", tuple(rules), (), (), (), weights=weights, languages=covered)


def facts(text: str, category: str = "hardware") -> TicketFacts:
    fields = {"description": text, "category": category}
    return TicketFacts(Ticket("s", "incident", "1", 1, "1", StateClass.OPEN, "a", fields=fields))


BY_CATEGORY = Clause("ticket.category", "equals", ("access",), 1)
BY_TEXT = Group("all", (Clause("ticket.description", "contains", ("break glass",), 1),), 1)
TURNED = "please \u202essecca nimda\u202c thanks"


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        (TURNED, "U+202E"),
        ("\u202dabc", "U+202D"),
        ("&#8238;ssecca", "U+202E"),
        ("%E2%80%AEssecca", "U+202E"),
        ("<BDO dir='rtl'>ssecca</BDO>", "<bdo"),
        ("<p style='unicode-bidi: bidi-override'>x", "bidi-override"),
        ("<p style='unicode-bidi: isolate-override'>x", "isolate-override"),
    ],
)
def test_text_that_runs_in_another_direction_is_uncertain_and_says_why(
    text: str, sign: str
) -> None:
    said = classify(policy(BY_CATEGORY, BY_TEXT), facts(text))
    assert said.verdict is Verdict.UNCERTAIN
    assert said.tier is Tier.CRITICAL, "as of any rule that reads text"
    (rule,) = said.blind
    assert (rule.rule, rule.where) == (UNREAD_RULE, "built in")
    assert (rule.clauses[0].seen, rule.clauses[0].note) == (sign, "runs in another direction")


def test_it_takes_no_certainty_and_no_tier_away() -> None:
    plain = classify(policy(BY_CATEGORY, BY_TEXT), facts("break glass", "access"))
    turned = classify(policy(BY_CATEGORY, BY_TEXT), facts(TURNED, "access"))
    assert plain.verdict is turned.verdict is Verdict.IDENTITY
    assert plain.tier is turned.tier is Tier.CRITICAL
    assert plain.kinds == turned.kinds == ("access.grant",)
    assert classify(policy(BY_CATEGORY), facts(TURNED)).tier is Tier.MEDIUM


@pytest.mark.parametrize("text", ["", "a < b", "שלום \u2067abc\u2069", "\u200fabc", "bidi"])
def test_what_only_isolates_or_marks_is_read(text: str) -> None:
    assert overridden((text,)) == ""
    assert classify(policy(BY_CATEGORY), facts(text)).verdict is Verdict.NOT_IDENTITY


def of_fields(**fields: str | Missing | Reference) -> TicketFacts:
    return TicketFacts(
        Ticket("s", "incident", "1", 1, "1", StateClass.OPEN, "alice", fields=fields)
    )


READS: dict[str, Matcher] = {
    "short_description": Clause("ticket.short_description", "word", ("vpn",), 1, wide=True),
    "category": BY_CATEGORY,
    "catalog_item": Clause("ticket.catalog_item", "equals", ("access",), 1, wide=True),
}


@pytest.mark.parametrize("name", list(READS))
@pytest.mark.parametrize(
    ("value", "why"),
    [(TURNED, "runs in another direction"), ("<b>4</b>dm1n %61 " * 6_000, "too many forms of it")],
)
def test_each_field_that_a_rule_reads_is_looked_at(name: str, value: str, why: str) -> None:
    """Whatever hides the whole text: here a description that was cut."""
    held = Reference("7", value) if name == "catalog_item" else value
    facts = of_fields(**{"description": Missing.ABSENT, name: held})
    said = classify(policy(READS[name]), facts)
    (rule,) = said.blind
    assert (rule.rule, said.verdict, said.tier) == (UNREAD_RULE, Verdict.UNCERTAIN, Tier.HIGH)
    assert [one.clause for one in rule.clauses] == [f"ticket.{name} read as it is written"]
    assert rule.clauses[0].note == why
    others = [READS[other] for other in READS if other != name]
    assert classify(policy(*others), facts).verdict is Verdict.NOT_IDENTITY, "no rule reads it"


def test_more_forms_than_are_looked_at_are_uncertain() -> None:
    many = "<b>4</b>dm1n %61 &lt; " * 4_000
    assert not forms_of((many,)).whole
    said = classify(policy(BY_CATEGORY), facts(many))
    assert said.verdict is Verdict.UNCERTAIN
    assert said.blind[0].clauses[0].note == "too many forms of it"
    long = "plain words of a long mail, " * (FORMS_CHARS_MAX // 25)
    assert forms_of((long,)).whole
    assert not forms_of((long + "1",)).whole
    assert classify(policy(BY_CATEGORY), facts(long)).verdict is Verdict.NOT_IDENTITY


@pytest.mark.parametrize(
    "text",
    ["%61" * 6_000, "%" * 20_000, b64("a" * 14_000), "a1 " * 6_000, "A" * 20_000, "%25" * 6_000],
)
def test_a_text_made_to_be_slow_is_not(text: str) -> None:
    """Linear: twice the text costs twice the time; the bound is far above both."""
    begun = time.process_time()
    for form in forms_of((text, text + "x")).read:
        leet_forms(form)
    assert time.process_time() - begun < 0.5


# --- weights and languages read the same ----------------------------------------------------------


@pytest.mark.parametrize("text", ["the v<i></i>pn", "the&nbsp;%76pn", b64("the vpn please ok")])
def test_weights_read_the_text_without_its_markup_and_encoding(text: str) -> None:
    learnt = Weights({"vpn": 1200}, 1000, "weights.json", 1, "d")
    assert learnt.score((text,)).total == 0, "the control: as written it has no such word"
    assert classify(policy(weights=learnt), facts(text)).verdict is Verdict.UNCERTAIN
    assert classify(policy(weights=learnt), facts("the paper")).verdict is Verdict.NOT_IDENTITY


@pytest.mark.parametrize(
    "text",
    [
        "bit<b></b>te ich ka<b></b>nn ni<i></i>cht",
        "".join(f"&#{ord(char)};" for char in "bitte ich kann nicht"),
        b64("bitte ich kann nicht"),
        every("bitte ich kann nicht"),
    ],
)
def test_languages_read_the_text_without_its_markup_and_encoding(text: str) -> None:
    said = classify(policy(languages="en"), facts(text))
    assert said.verdict is Verdict.UNCERTAIN
    assert said.rules[-1].clauses[0].seen == "words of de: bitte, ich, kann, nicht"
    english = classify(policy(languages="en"), facts("<p>the&nbsp;printer</p>"))
    assert english.verdict is Verdict.NOT_IDENTITY


@given(st.lists(st.text("aZ9+/_- \n.\u0434\ud800", max_size=40), max_size=3))
def test_a_run_is_told_exactly_before_it_is_looked_for(texts: list[str]) -> None:
    assert text_forms._may_hold_run("\n".join(texts)) == any(map(text_forms._RUN.search, texts))


@given(st.text("ab7\u0667\u0434"))
def test_only_digits_that_may_be_letters_count(text: str) -> None:
    assert text_forms.has_digit(text) == any(char in "0123456789" for char in text)


@given(st.lists(st.text("av4\u00e9 \u200b<>", max_size=12), max_size=3).map(tuple))
def test_the_forms_of_whole_values_are_those_of_each_value(texts: tuple[str, ...]) -> None:
    look = Look(texts)
    folds = frozenset(one.text.strip() for one in look.texts)
    assert look.forms == (folds, frozenset(one.squeezed for one in look.texts))
    assert look.is_plain == all(map(is_plain, texts))
