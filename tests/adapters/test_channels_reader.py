"""`poll` and `write_back` of a source: what is asked, of whom, and who writes there."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.adapters.test_configuration import KNOWN, folder, put_secret

from ticketgate.adapters.config.configuration import load_configuration
from ticketgate.domain.errors import ConfigurationError
from ticketgate.domain.settings import SourceSettings
from ticketgate.domain.telling.outcomes import COMMENTED_DEFAULT
from ticketgate_connectors.itsm.servicenow.connector import ServiceNow

__all__ = ["folder"]

HOOKS = replace(KNOWN, itsm={"servicenow": ServiceNow()})
POLL = "every: 1m, url: https://x.example.com, user: svc-ticketgate, password: file:secrets/snow.pw"
LINE = "    own_users: [svc-ticketgate]"


def read(
    folder: Path, poll: str | None, told: str | None = None, own: str = LINE
) -> SourceSettings:
    """The source with these keys."""
    put_secret(folder, "snow.pw", "hunter2")
    put_secret(folder, "snow.token", "t" * 30)
    path = folder / "ticketgate.yaml"
    lines = [own]
    if poll is not None:
        lines.append(f"    poll: {poll}")
    if told is not None:
        lines.append(f"    write_back: {told}")
    text = path.read_text()
    assert LINE in text
    path.write_text(text.replace(LINE, "\n".join(lines)))
    known = load_configuration(folder, environ={}, connectors=KNOWN)
    return known.settings.sources["snow-prod"]


def fault(folder: Path, *said: str | None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(folder, *said)  # type: ignore[arg-type]
    return " | ".join(one.text for one in caught.value.faults)


def test_a_source_is_asked_as_a_user_with_a_password(folder: Path) -> None:
    found = read(folder, f"{{ {POLL} }}", "{ comment: true }")
    assert found.poll is not None
    assert (found.poll.every, found.poll.overlap) == (timedelta(minutes=1), timedelta(minutes=2))
    assert (found.poll.user, found.poll.password, found.poll.token) == (
        "svc-ticketgate",
        "hunter2",
        "",
    )
    assert found.comment_on == COMMENTED_DEFAULT
    assert "hunter2" not in repr(found)


def test_or_with_a_token_within_networks_of_its_own(folder: Path) -> None:
    said = (
        "{ every: 30s, url: https://x.example.com/, token: file:secrets/snow.token,"
        ' overlap: 10m, allow_networks: "10.0.0.0/8" }'
    )
    found = read(folder, said, "{ comment: false }")
    assert found.poll is not None
    assert (found.poll.url, found.poll.token) == ("https://x.example.com", "t" * 30)
    assert (found.poll.overlap, found.poll.allow_networks) == (timedelta(minutes=10), "10.0.0.0/8")
    assert found.comment_on == ()
    assert "t" * 30 not in repr(found)


def test_a_token_is_as_long_as_the_platform_made_it(folder: Path) -> None:
    """PagerDuty's have 20 characters; only secrets that we choose have a least length."""
    put_secret(folder, "short.token", "y" * 20)
    found = read(
        folder, "{ every: 1m, url: https://x.example.com, token: file:secrets/short.token }"
    )
    assert found.poll is not None
    assert found.poll.token == "y" * 20


def test_a_ticket_is_told_of_the_outcomes_that_are_listed(folder: Path) -> None:
    found = read(folder, f"{{ {POLL} }}", "{ comment: true, on: [denied, timed_out, denied] }")
    assert found.comment_on == ("denied", "timed_out")


def test_nothing_is_told_where_comments_are_off(folder: Path) -> None:
    found = read(folder, f"{{ {POLL} }}", "{ comment: false, on: [denied] }")
    assert found.comment_on == ()


def test_without_the_keys_nothing_is_asked_or_told(folder: Path) -> None:
    found = read(folder, None)
    assert (found.poll, found.comment_on) == (None, ())


@pytest.mark.parametrize(
    ("poll", "what"),
    [
        ("5", "must be a mapping"),
        ("{}", "'every' is missing"),
        ("{ every: 1m }", "'url' is missing"),
        ("{ every: 1m, url: https://x.example.com }", "either `user` and `password`, or `token`"),
        (f"{{ {POLL}, token: file:secrets/snow.token }}", "either `user` and `password`"),
        ("{ every: 1m, url: https://x, password: file:secrets/snow.pw }", "needs its `user`"),
        (f"{{ {POLL.replace('user: svc', 'user: a:svc')} }}", "has no ':'"),
        (f"{{ {POLL.replace('file:secrets/snow.pw', 'hunter2')} }}", "never here itself"),
        (f"{{ {POLL.replace('1m', '0s')} }}", "is not a duration"),
        (f"{{ {POLL.replace('1m', '2h')} }}", "every 1s to 1h"),
        (f"{{ {POLL.replace('https', 'http')} }}", "http is only for this machine"),
        (f"{{ {POLL}, allow_networks: x }}", "not a list of networks"),
        (f"{{ {POLL}, allow_networks: [] }}", "must be text"),
        (f"{{ {POLL}, overlap: 2d }}", "longer than 1 days"),
        (f"{{ {POLL}, tables: [] }}", "unknown key 'tables'"),
    ],
)
def test_a_poll_that_cannot_be_made_is_refused(folder: Path, poll: str, what: str) -> None:
    told = fault(folder, poll)
    assert what in told
    assert "'hunter2'" not in told  # the secret itself


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ("true", "must be a mapping"),
        ("{}", "'comment' is missing"),
        ("{ comment: yes }", "must be true or false"),
        ("{ comment: true, transition: x }", "'transition' comes later"),
        ("{ comment: true, on: [] }", "the list is empty"),
        ("{ comment: true, on: denied }", "must be a list"),
        ("{ comment: true, on: [denyed] }", "unknown word 'denyed'; did you mean 'denied'"),
        ("{ comment: true, on: [ending_soon] }", "unknown word 'ending_soon'"),
        ("{ comment: true, private: x }", "unknown key 'private'"),
    ],
)
def test_a_write_back_that_is_not_clear_is_refused(folder: Path, told: str, what: str) -> None:
    assert what in fault(folder, f"{{ {POLL} }}", told)


def test_write_back_needs_the_way_of_the_poll(folder: Path) -> None:
    assert "configure `poll` too" in fault(folder, None, "{ comment: true }")


@pytest.mark.parametrize("own", ["", "    own_users: [somebody-else]"])
def test_the_user_that_writes_is_one_of_our_own(folder: Path, own: str) -> None:
    told = fault(folder, f"{{ {POLL} }}", "{ comment: true }", own)
    assert "own_users" in told


def test_our_own_users_are_the_same_in_any_spelling(folder: Path) -> None:
    poll = POLL.replace("svc-ticketgate", "SVC-ticketgate")
    found = read(folder, f"{{ {poll} }}", "{ comment: true }", "    own_users: [Svc-TicketGate]")
    assert found.own_users == {"svc-ticketgate"}


def test_a_kind_that_only_takes_hooks_is_told_so(folder: Path) -> None:
    put_secret(folder, "snow.pw", "hunter2")
    path = folder / "ticketgate.yaml"
    for key in (f"poll: {{ {POLL} }}", "write_back: { comment: true }"):
        text = path.read_text()
        path.write_text(text.replace(LINE, f"{LINE}\n    {key}"))
        with pytest.raises(ConfigurationError) as caught:
            load_configuration(folder, environ={}, connectors=HOOKS)
        path.write_text(text)
        (only,) = caught.value.faults
        assert "servicenow only take hooks; this comes later" in only.message
