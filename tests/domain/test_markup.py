"""Text that a platform stored as HTML: what its reader sees is looked at as well."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ticketgate.domain.matching.matcher import Clause, decide
from ticketgate.domain.text.markup import read_forms
from ticketgate.domain.tickets.identity_event import Outcome
from ticketgate.domain.tickets.looks import Look


class One:
    """Facts with one text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def look(self, _: str) -> Look:
        return Look((self.text,))


def found(text: str, test: str, value: str, *, wide: bool = True) -> bool:
    return decide(Clause("ticket.text", test, (value,), 1, wide=wide), One(text)) is Outcome.TRUE


@pytest.mark.parametrize(
    ("text", "test", "value"),
    [
        ("<p>admin&nbsp;rights on prod</p>", "contains", "admin rights"),
        ("&#60;p&#62;admin&#38;nbsp;rights&#60;/p&#62;", "contains", "admin rights"),
        ("&amp;amp;#118;pn", "word", "vpn"),
        ("need <b>ad</b>min rights", "contains", "admin rights"),
        ("ad<b class='x'></b>min rights", "contains", "admin rights"),
        ("pass<wbr>word/reset", "contains", "password/reset"),
        ("pass<wbr/>word/reset", "contains", "password/reset"),
        ("pass&shy;word/reset", "contains", "password/reset"),
        ("&#x76;&#X70;&#110 please", "word", "vpn"),
        ("<td>my</td><td>v<i></i>pn</td><TD>now</TD>", "word", "vpn"),
        ("<p>Password Reset</p>", "equals", "password reset"),
        ("<p>a/b please</p>", "startswith", "a/b"),
        ("<p>please a/b</p>", "endswith", "a/b"),
        ("&#0000000000101;/b", "contains", "e/b"),
        ("a pass<!--x-->word/re<!-- -->set", "contains", "password/reset"),
        ("pass<!-- <b> - -- > -->word", "contains", "password"),
        ("<!-- v<!--x-->pn", "word", "vpn"),
        ("v<o:p></o:p>pn", "word", "vpn"),
        ("v<x-y></x-y>pn", "word", "vpn"),
        ("v<b title='a>b'>pn</b>", "word", "vpn"),
        ('v<b title="a<b" x=\'"\'>pn</b>', "word", "vpn"),
        ("v<style type=x>q{}<b></style>pn", "word", "vpn"),
        ("v<SCRIPT>abc</Script >pn", "word", "vpn"),
        ("v<![CDATA[x]]>pn", "word", "vpn"),
        ("v<?x y?>pn", "word", "vpn"),
        ("v<!x>pn", "word", "vpn"),
        ("v</ x>pn", "word", "vpn"),
        ('v<span style="display: none">z<br>z</span>pn', "word", "vpn"),
        ("v<i hidden>z</i>pn", "word", "vpn"),
        ("v<del>x</del>pn", "word", "vpn"),
        ("v<label hidden>z</label>pn", "word", "vpn"),
        ("v<o:x style='opacity: 0.0'>z</o:x>pn", "word", "vpn"),
        ("v<td style='font-size:0px'>z<br><b>z</b> <i>z</i></td>pn", "word", "vpn"),
        ("v<p hidden>z<br>z</p>pn", "word", "vpn"),
        ("&#" + "0" * 9000 + "118;pn", "word", "vpn"),
        ("&#x" + "0" * 40 + "76;pn", "word", "vpn"),
        ("v<b=>pn", "word", "vpn"),
        ("v<x!>pn", "word", "vpn"),
        ("v<a@b>pn", "word", "vpn"),
        ("v<b x<y>pn > <", "word", "vpn"),
        ("&lt;!--x--&gt;v<!--x-->pn", "word", "vpn"),
        ("v[b]pn[/b]", "word", "vpn"),
        ("v[url=http://x]pn[/url]", "word", "vpn"),
        ("v{color:red}p{color}n", "word", "vpn"),
        ("v{*}pn{*}", "word", "vpn"),
        ("v[](x)pn", "word", "vpn"),
        ("[v](http://x)pn", "word", "vpn"),
        ("v~~x~~pn", "word", "vpn"),
        ("<b>v</b>{color:red}p<!--x-->n", "word", "vpn"),
        ("<b class='x'>v[b]p</b>n", "word", "vpn"),
    ],
)
def test_what_a_reader_sees_is_found(text: str, test: str, value: str) -> None:
    assert found(text, test, value)
    assert not found(text, test, value, wide=False), "the control: as written, it is not there"


@pytest.mark.parametrize(
    "text", ["", "plain", "a > b; c", "R&D < AT&T", "1 < 2 & 3 > 2", "<3 you", "a[0] {} ~~ b"]
)
def test_what_is_no_markup_has_no_other_form(text: str) -> None:
    assert read_forms(text) == ()


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("<b style='opacity:0.9'>v</b>pn", "vpn"),
        ("<b style='font-size: 0.5em'>v</b>pn", "vpn"),
        ("<b style='font-size:0'>v</b>pn", "pn"),
        ("<b hidden><i><u>v</u></i></b>pn", "vpn"),  # of two levels: docs/policy.md
        ("<br hidden>v</br>pn", " v pn"),
    ],
)
def test_only_what_a_browser_does_not_show_is_taken_away(text: str, last: str) -> None:
    assert read_forms(text)[-1] == last


def test_a_number_that_is_too_long_to_be_read_is_text() -> None:
    assert found("&#" + "1" * 9000 + ";<b>v</b>pn", "word", "vpn")


PIECES = ("<", ">", "</b>", "<b>", "<a x='", "'>", "&", "&lt;", "&gt;", "&#6", ";", "<!--", "-->",
          "<!", "<?", "</ ", "<style>", "</style>", "<s>", "</s>", '"', "[", "[b", "]", "](", ")",
          "{", "{x", "}", "~~", "<p hidden>", "</p>")  # fmt: skip
MORE = st.one_of(st.text(max_size=12), st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
DRESSED = ("password reset", "pass<b></b>word reset", "password&nbsp;re&shy;set",
           "<p>password</p><p>re<wbr>set</p>", "&lt;b&gt;pass&lt;/b&gt;word reset",
           "password > reset", "pass<b class='x'>word reset", "pass<!--x-->word re<!-->-->set",
           "pass<o:p></o:p>word reset", "pass<?x y?>word re<!x>set", "pass[b]word[/b] reset",
           "pass{color:red}word{color} [i]reset", "pass[](x)word reset",
           "p<!--x-->a[b]ss{b}word reset")  # fmt: skip


@example(before="<!", text="pass[b]word[/b] reset", after=">")
@example(before="<!--", text="pass<?x y?>word re<!x>set", after="-->")
@given(before=MORE, text=st.sampled_from(DRESSED), after=MORE)
def test_what_is_added_takes_nothing_away(before: str, text: str, after: str) -> None:
    assert found(text, "contains", "password reset"), "the control"
    assert found(f"{before} {text} {after}", "contains", "password reset")


@pytest.mark.untraced
@pytest.mark.parametrize(
    "piece",
    [
        *("<", "<a", "<a ", "<a x", "</", "&", "&#", "&#1", "&amp;", "&a", "a", "<b>", "< ", ">"),
        *("<!--", "<!-", "-->", "--", "<!", "<?", "</ ", "<style>", "<style><script>", "<s><i>"),
        *("<s>", "<p hidden>", "<p display  ", "<p  hidden", "<a '", '<a "', "<a '\"", "<a '' "),
        *("<a \"<a '", "<a '\"' ", "[", "[b", "[b]", "[](", "[]()", "[a](b", "{", "{x", "{x}"),
        *("~~", "~~a", "~~a~~ ", "&#0", "&#x0", "<b=", "<b=>", "<b x<y", "<b x<y>", "<x hidden>"),
        *("<x hidden><i>a</i>", "<i>a</i>", "<x hidden>a</i>", "<br hidden>", "opacity:0"),
    ],
)
def test_time_grows_as_the_text_does(piece: str) -> None:
    """32 times the text takes 32 times as long; a search that backtracked would take 1,000."""

    def seconds(chars: int) -> float:
        text = ("&<a " + piece * chars)[:chars]
        began = time.process_time()
        read_forms(text)
        return time.process_time() - began

    small = min(seconds(5_000) for _ in range(3))
    # The least of three; once one of them is little enough, the others change nothing.
    assert any(seconds(160_000) < 250 * max(small, 0.0005) for _ in range(3))
