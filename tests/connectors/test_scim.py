"""What the SCIM connector makes of answers that a real server gives only on its bad days.

The conformance suite (`tests/contracts/test_scim_target.py`) runs it against a real server.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.connectors.scim_memory import (
    ACCESS,
    CORE,
    LIST,
    SECRET,
    Server,
    answer,
    connect,
    listed,
    on,
)
from typing_extensions import override

from ticketgate.connector_api import (
    Access,
    Conflict,
    ConnectorError,
    Denied,
    Effect,
    HttpAnswer,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Refused,
    Throttled,
    TooLarge,
    Unavailable,
)
from ticketgate_connectors.targets.scim import SCIM
from ticketgate_connectors.targets.scim.wire import RETRY_AFTER_SECONDS

NOT_AFTER: Final = datetime(2030, 1, 1, tzinfo=UTC)


def test_only_the_removal_form_of_the_rfc_is_sent() -> None:
    """A bare `members` path empties the group on naive servers."""
    server = Server(members=["u-alice", "u-carol"])
    connect(server).revoke(ACCESS, "key-1", None)
    [(_, path, body, headers)] = [one for one in server.sent if one[0] == "PATCH"]
    assert path == "/Groups/g-1"
    assert body["Operations"] == [{"op": "remove", "path": 'members[value eq "u-alice"]'}]
    assert headers["Content-Type"] == "application/scim+json"
    assert headers["Authorization"] == f"Bearer {SECRET}"


def test_an_etag_is_sent_back_when_one_is_offered_and_only_then() -> None:
    for etag in ('W/"7"', ""):
        server = Server(etag=etag)
        connect(server).grant(ACCESS, "key-1", NOT_AFTER)
        [headers] = [one[3] for one in server.sent if one[0] == "PATCH"]
        assert headers.get("If-Match", "") == etag


def test_a_version_in_the_body_is_an_etag_too() -> None:
    server = Server()
    group = {**server.group(), "meta": {"version": 'W/"8"'}}
    server.bad = on("GET", answer(200, group), "/Groups/g-1")
    connect(server).grant(ACCESS, "key-1", NOT_AFTER)
    [headers] = [one[3] for one in server.sent if one[0] == "PATCH"]
    assert headers["If-Match"] == 'W/"8"'


@pytest.mark.parametrize(
    ("planned", "read", "change"),
    [
        (answer(401), Denied, Denied),
        (answer(403), Denied, Denied),
        (answer(409), Conflict, Conflict),
        (answer(412), Conflict, Conflict),
        (answer(429), Throttled, Throttled),
        (answer(500), Unavailable, Unavailable),
        (answer(503), Unavailable, Unavailable),
        (answer(502), Unavailable, OutcomeUnknown),
        (answer(504), Unavailable, OutcomeUnknown),
        (answer(501), Misconfigured, Misconfigured),
        (answer(302, location="https://elsewhere.example"), Misconfigured, Misconfigured),
        (answer(405), Misconfigured, Misconfigured),
    ],
    ids=lambda one: one.status if isinstance(one, HttpAnswer) else one.__name__,
)
def test_each_status_has_one_meaning(
    planned: HttpAnswer, read: type[ConnectorError], change: type[ConnectorError]
) -> None:
    """A read changed nothing, whatever became of its answer; a change may have been made."""
    with pytest.raises(read):
        connect(Server(bad=on("GET", planned))).observe(ACCESS)
    with pytest.raises(change):
        connect(Server(bad=on("PATCH", planned))).grant(ACCESS, "key-1", NOT_AFTER)
    with pytest.raises(change):
        connect(Server(bad=on("PATCH", planned))).check()


def test_a_change_that_is_not_understood_is_refused() -> None:
    with pytest.raises(Refused):
        connect(Server(bad=on("PATCH", answer(400)))).grant(ACCESS, "key-1", NOT_AFTER)


def test_a_group_that_goes_away_before_the_change_is_not_found() -> None:
    with pytest.raises(NotFound):
        connect(Server(bad=on("PATCH", answer(404)))).grant(ACCESS, "key-1", NOT_AFTER)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("999999999999", 3600),
        ("", RETRY_AFTER_SECONDS),
        ("-5", RETRY_AFTER_SECONDS),
        ("٣", RETRY_AFTER_SECONDS),
        ("Wed, 21 Oct 2026 07:28:00 GMT", RETRY_AFTER_SECONDS),
    ],
)
def test_how_long_to_wait_is_bounded(said: str, seconds: float) -> None:
    with pytest.raises(Throttled) as told:
        connect(Server(bad=on("GET", answer(429, retry_after=said)))).observe(ACCESS)
    assert told.value.retry_after == seconds


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Sign in</html>",
        b"[]",
        b"{}",
        b'{"schemas": "urn:ietf:params:scim:schemas:core:2.0:Group", "id": "g-1"}',
        b'{"schemas": ["urn:example:Group"], "id": "g-1"}',
        b'{"schemas": ["%sGroup"], "id": "g-1", "id": "g-1"}' % CORE.encode(),
        b'{"schemas": ["%sGroup"]}' % CORE.encode(),
        b'{"schemas": ["%sGroup"], "id": "g-2"}' % CORE.encode(),
        b'{"schemas": ["%sGroup"], "id": "g-1", "members": {"value": "u"}}' % CORE.encode(),
        b'{"schemas": ["%sGroup"], "id": "g-1", "members": ["u"]}' % CORE.encode(),
        b'{"schemas": ["%sGroup"], "id": "g-1", "members": [{"value": 7}]}' % CORE.encode(),
    ],
)
def test_an_answer_that_is_not_scim_is_no_group(body: bytes) -> None:
    with pytest.raises(Misconfigured):
        connect(Server(bad=on("GET", answer(200, body), "/Groups/g-1"))).observe(ACCESS)


@pytest.mark.parametrize(
    ("planned", "error"),
    [
        (answer(200, {"schemas": [LIST]}), Misconfigured),
        (answer(200, {"schemas": [LIST], "totalResults": "0"}), Misconfigured),
        (answer(200, {"schemas": [LIST], "totalResults": 0, "Resources": {"a": 1}}), Misconfigured),
        (listed({"schemas": [CORE + "User"], "id": "u"}, total=0), Misconfigured),
        (listed(total=3), Refused),
        (listed({"schemas": [CORE + "Group"], "id": "g-2"}), Misconfigured),
        (answer(404), Misconfigured),
    ],
)
def test_a_list_that_is_not_one_is_no_proof_of_absence(
    planned: HttpAnswer, error: type[ConnectorError]
) -> None:
    server = Server(bad=lambda _, path, __: planned if path == "/Groups" else None)
    with pytest.raises(error):
        connect(server).revoke(ACCESS, "key-1", None)


def told(call: Callable[[], object]) -> str:
    """What the call says when it fails."""
    try:
        call()
    except ConnectorError as fault:
        return repr(fault)
    return ""


@given(
    status=st.integers(100, 599),
    body=st.one_of(
        st.binary(max_size=50),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(SECRET),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["schemas", "id", "members", "value", "totalResults", "meta"]),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=12,
        ).map(lambda value: json.dumps(value).encode()),
    ),
    method=st.sampled_from(["GET", "PATCH"]),
)
def test_only_our_errors_leave_and_none_holds_the_secret(
    status: int, body: bytes, method: str
) -> None:
    target = connect(Server(bad=on(method, answer(status, body))))
    calls: tuple[Callable[[], object], ...] = (
        target.check,
        lambda: target.find_principal(("alice",)),
        lambda: target.grant(ACCESS, "key-1", NOT_AFTER),
        lambda: target.revoke(ACCESS, "key-2", "g-1"),
        lambda: target.list_held(ACCESS.entitlement),
    )
    assert all(SECRET not in told(call) for call in calls)


def test_a_server_that_shows_no_members_is_asked_with_a_filter() -> None:
    server = Server(shows_members=False)
    target = connect(server)
    assert target.grant(ACCESS, "key-1", NOT_AFTER).change == "applied"
    assert target.grant(ACCESS, "key-1", NOT_AFTER).change == "already"
    assert target.observe(ACCESS) is True
    assert target.revoke(ACCESS, "key-2", None).change == "applied"
    assert target.revoke(ACCESS, "key-2", None).change == "absent"


def test_a_server_that_shows_only_some_members_proves_no_absence() -> None:
    server = Server(members=["u-alice", "u-carol"])
    cut = {**server.group(), "members": [{"value": "u-carol"}]}
    server.bad = lambda method, _, params: (
        listed(cut) if params else answer(200, cut) if method == "GET" else None
    )
    with pytest.raises(Conflict):
        connect(server).revoke(ACCESS, "key-1", "g-1")


def test_a_server_that_does_not_heed_filters_is_found_out() -> None:
    everything = listed(Server().group())
    users = listed(Server().user("u-carol"))
    server = Server(
        bad=lambda _, path, __: {"/Groups": everything, "/Users": users}.get(path),
    )
    with pytest.raises(Misconfigured):
        connect(server).check()
    with pytest.raises(Misconfigured):
        connect(server).find_principal(("alice",))
    with pytest.raises(Conflict):
        connect(server).observe(ACCESS)


@pytest.mark.parametrize("feature", ["patch", "filter"])
@pytest.mark.parametrize("offer", [{"supported": False}, {"supported": "yes"}, True, None])
def test_a_server_without_patch_or_filter_is_found_out(feature: str, offer: object) -> None:
    config = {
        "schemas": [CORE + "ServiceProviderConfig"],
        "patch": {"supported": True},
        "filter": {"supported": True},
        feature: offer,
    }
    server = Server(bad=on("GET", answer(200, config), "/ServiceProviderConfig"))
    with pytest.raises(Misconfigured, match=feature):
        connect(server).check()


def test_other_members_that_vanish_are_told() -> None:
    """A naive server that takes a removal for all members."""

    class Naive(Server):
        @override
        def _patch(self, path: str, body: Any) -> HttpAnswer:
            self.members = []
            return answer(204)

    server = Naive(members=["u-alice", "u-bob", "u-carol"])
    with pytest.raises(Conflict, match="2 other members are gone"):
        connect(server).revoke(ACCESS, "key-1", None)


@pytest.mark.parametrize("then", [answer(500), answer(429), answer(200, b"<html>"), answer(403)])
def test_a_change_that_cannot_be_read_back_is_unknown(then: HttpAnswer) -> None:
    server = Server()

    def bad(method: str, _path: str, _params: Mapping[str, str]) -> HttpAnswer | None:
        changed = any(one[0] == "PATCH" for one in server.sent)
        return then if changed and method == "GET" else None

    server.bad = bad
    with pytest.raises(OutcomeUnknown):
        connect(server).grant(ACCESS, "key-1", NOT_AFTER)
    assert "u-alice" in server.members


def test_a_group_that_vanished_with_its_members_is_a_conflict_for_a_person_to_see() -> None:
    server = Server(members=["u-alice", "u-carol"])

    def bad(method: str, _path: str, _params: Mapping[str, str]) -> HttpAnswer | None:
        changed = any(one[0] == "PATCH" for one in server.sent)
        return answer(404) if changed and method == "GET" else None

    server.bad = bad
    with pytest.raises(Conflict, match="1 other members are gone"):
        connect(server).revoke(ACCESS, "key-1", None)


@pytest.mark.parametrize("active", [False, "True", None, 1], ids=repr)
def test_an_account_that_does_not_say_yes_is_not_active(active: object) -> None:
    server = Server()
    server.users["u-alice"]["active"] = active
    with pytest.raises(Refused):
        connect(server).grant(ACCESS, "key-1", NOT_AFTER)


def test_an_id_wins_over_a_name_that_somebody_else_took() -> None:
    server = Server()
    server.users["u-carol"]["userName"] = "u-alice"
    assert connect(server).find_principal(("u-alice",)) == "u-alice"


def test_two_accounts_of_one_name_are_refused() -> None:
    server = Server()
    server.users["u-carol"]["userName"] = "alice"
    with pytest.raises(Refused):
        connect(server).find_principal(("alice",))


def test_a_server_that_calls_other_ids_malformed_is_asked_by_name() -> None:
    malformed = dict.fromkeys(("/Groups/SG-1", "/Users/alice"), answer(400))
    server = Server(bad=lambda _, path, __: malformed.get(path))
    target = connect(server)
    assert target.find_principal(("alice",)) == "u-alice"
    effect = target.grant(Access("u-alice", {"group": "SG-1"}), "key-1", NOT_AFTER)
    assert effect.native_ref == "g-1"


@pytest.mark.parametrize("by", ["g-1", "SG-1"])
def test_a_group_too_large_to_be_read_is_granted_revoked_and_observed(by: str) -> None:
    """Each member is asked for by a filter; a call takes at most eight requests."""
    server = Server(huge=True)
    target, access = connect(server), Access("u-alice", {"group": by})
    assert not target.observe(access)
    server.sent.clear()
    assert target.grant(access, "key-1", NOT_AFTER) == Effect(
        "applied", verified=True, native_ref="g-1"
    )
    assert len(server.sent) <= 8
    assert target.observe(access)
    server.sent.clear()
    assert target.revoke(access, "key-2", None) == Effect(
        "applied", verified=True, native_ref="g-1"
    )
    assert len(server.sent) <= 8
    assert server.members == ["u-carol"]
    assert target.revoke(access, "key-3", "g-1") == Effect(
        "absent", verified=True, native_ref="g-1"
    )


def test_a_change_to_a_large_group_that_was_not_made_is_found_out() -> None:
    server = Server(members=["u-alice", "u-carol"], huge=True, bad=on("PATCH", answer(204)))
    with pytest.raises(Conflict):
        connect(server).revoke(ACCESS, "key-1", "g-1")


def test_a_group_too_large_to_be_read_is_not_listed_in_part() -> None:
    with pytest.raises(TooLarge):
        connect(Server(huge=True)).list_held({"group": "g-1"})


def test_groups_inside_a_group_are_no_principals() -> None:
    server = Server()
    nested = {"value": "g-2", "type": "Group"}
    group = {**server.group(), "members": [{"value": "u-carol", "type": "User"}, nested]}
    server.bad = on("GET", answer(200, group), "/Groups/g-1")
    assert connect(server).list_held(ACCESS.entitlement) == ("u-carol",)


def test_the_kind_is_as_the_entry_point_says() -> None:
    assert SCIM.kind == "scim"
    assert SCIM.access_keys() == {"group"}
    assert SCIM.capabilities == {"observe"}
    assert set(SCIM.config_schema()) == {"allow_networks"}
    connect(Server()).close()
