"""What every connector to an ITSM platform must keep, told by a small description per platform.

A platform is described by one function: what it posts when a ticket is as `Says` says. The suite
asks all of them the same questions; `tests/connectors/itsm_platforms.py` has the descriptions.
"""

import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticketgate.connector_api import (
    FIELD_TEXT_MAX,
    REFERENCE_FIELDS,
    ApproverRow,
    ItsmConnector,
    MalformedDeliveryError,
    Missing,
    NoTicket,
    Reference,
    SourceMapping,
    StateClass,
    TableMapping,
    Ticket,
)

Json = Any
CODES: Final = {"not_a_record", "no_table", "no_mapping", "no_ticket_id", "unknown_keys"}
SECONDS_MAX: Final = 5.0  # of the processor, for a body of over a megabyte, under coverage
LEVELS: Final = 20_000


@dataclass(frozen=True)
class Says:
    """A ticket as a person would tell of it; accounts are the platform's ids of people."""

    event: str = "updated"  # created | updated | deleted
    second: int = 0  # when, after some moment
    state: str = "open"  # open | live | closed
    opener: str = "101"
    requester: str = "102"
    assignee: str = "103"
    editor: str = "104"
    title: str = "Elevated database access"
    text: str = "quarter-end repair"
    role: str = "prod-db-admin"


@dataclass(frozen=True)
class Platform:
    """One platform: what it posts, and where in the body each field that it declares lies."""

    connector: ItsmConnector
    table: str
    body: Callable[[Says], dict[str, Json]]
    states: Mapping[str, str]  # our words -> the platform's
    paths: Mapping[str, tuple[str | int, ...]]  # declared field -> place in the body
    id_path: tuple[str | int, ...]
    ident: str
    role: str = ""  # the variable that holds `Says.role`; "" where the platform has none
    opener_known: bool = True
    text_known: bool = True
    versioned: bool = True
    deletes: bool = False
    not_tickets: tuple[Json, ...] = ()
    hints: Mapping[str, str | None] = field(default_factory=dict)
    map: Mapping[str, str | None] = field(default_factory=dict)
    malformed: tuple[tuple[str, Json], ...] = ()
    must_send: tuple[str, ...] = ()  # fields without which the body is refused

    @property
    def mapping(self) -> SourceMapping:
        """The mapping that its operator would write."""
        classes = {"open": StateClass.OPEN, "live": StateClass.LIVE, "closed": StateClass.CLOSED}
        states = {self.states[word]: found for word, found in classes.items()}
        table = TableMapping(self.table, "requested_for", states, map=self.map)
        return SourceMapping("desk", {self.table: table})

    def read(self, payload: Json, mapping: SourceMapping | None = None) -> Ticket:
        """The ticket that a body is."""
        found = self.connector.normalise(payload, mapping or self.mapping)
        assert isinstance(found, Ticket)
        return found

    def says(self, **changed: Any) -> Ticket:  # noqa: ANN401 -- fields of `Says`
        """The ticket of what the platform posts."""
        return self.read(self.body(Says(**changed)))

    def refused(self, payload: Json, mapping: SourceMapping | None = None) -> str:
        """The code with which a body is refused."""
        with pytest.raises(MalformedDeliveryError) as caught:
            self.connector.normalise(payload, mapping or self.mapping)
        assert caught.value.next_step
        return caught.value.code


def without(body: Json, path: tuple[str | int, ...]) -> Json:
    """The body without what lies at the path."""
    made = copy.deepcopy(body)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return made


def put(body: Json, path: tuple[str | int, ...], value: Json) -> Json:
    """The body with another value at the path."""
    made = copy.deepcopy(body)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return made


def nested(levels: int) -> Json:
    """An object inside an object, so many times."""
    made: Json = "x"
    for number in range(levels):
        made = {"content": [made], "type": "doc"} if number % 2 else [made]
    return made


class ItsmContract:
    """The suite. A test class gives the fixture `platform`."""

    def test_it_has_a_kind_and_names_its_schemes(self, platform: Platform) -> None:
        assert platform.connector.kind
        assert platform.connector.schemes

    def test_a_ticket_is_read_whole(self, platform: Platform) -> None:
        ticket = platform.says()
        assert ticket.key == ("desk", platform.table, platform.ident)
        assert ticket.text("short_description") == "Elevated database access"
        assert set(ticket.fields) >= set(platform.paths)
        absent = {name for name in ticket.fields if ticket.value(name) is Missing.ABSENT}
        assert absent == ({"opened_by"} if not platform.opener_known else set())
        if platform.text_known:
            assert "quarter-end repair" in ticket.text("description")

    def test_people_are_told_by_the_platforms_ids(self, platform: Platform) -> None:
        ticket = platform.says()
        wanted = {"opened_by": "101", "requested_for": "102", "assignee": "103"}
        for name, ident in wanted.items():
            found = ticket.value(name)
            if isinstance(found, Reference):
                assert found.id == ident, name
        assert ticket.updated_by in {"104", ""}

    def test_the_same_revision_twice_is_the_same_ticket(self, platform: Platform) -> None:
        assert platform.says(second=5) == platform.says(second=5)

    def test_a_later_revision_has_a_greater_version(self, platform: Platform) -> None:
        if not platform.versioned:
            assert platform.says().version is None
            return
        events = [("created", 0), ("updated", 1), ("updated", 2), ("updated", 86_400)]
        found = [platform.says(event=event, second=second).version for event, second in events]
        versions = [version for version in found if version is not None]
        assert len(versions) == len(found)
        assert versions == sorted(set(versions))

    def test_states_map_through_closing_and_reopening(self, platform: Platform) -> None:
        told = ["open", "live", "closed", "open"]
        found = [platform.says(state=word, second=n) for n, word in enumerate(told)]
        assert [one.state_class.value for one in found] == told
        assert found[0].bound_to == "requested_for"

    def test_a_state_that_is_not_listed_is_unlisted(self, platform: Platform) -> None:
        bare = SourceMapping("desk", {platform.table: TableMapping(platform.table)})
        if platform.map:
            bare = SourceMapping(
                "desk", {platform.table: TableMapping(platform.table, map=platform.map)}
            )
        ticket = platform.read(platform.body(Says()), bare)
        assert ticket.state_class is StateClass.UNLISTED
        assert ticket.bound_to == "none"

    def test_a_deleted_ticket_is_cancelled(self, platform: Platform) -> None:
        if not platform.deletes:  # such a platform says nothing that could be taken for it
            assert platform.says(event="updated").state_class is StateClass.OPEN
            return
        ticket = platform.says(event="deleted", second=9)
        assert (ticket.state, ticket.state_class) == ("deleted", StateClass.CANCELLED)
        last = platform.says(second=8).version
        assert ticket.version is not None
        assert last is not None
        assert ticket.version > last

    def test_another_assignee_is_another_ticket_revision(self, platform: Platform) -> None:
        before, after = platform.says(second=1), platform.says(second=2, assignee="105")
        assert after.key == before.key
        people = [ticket.reference("assignee") for ticket in (before, after)]
        assert [one and one.id for one in people] == ["103", "105"]

    def test_own_writes_keep_what_the_platform_says_of_the_writer(self, platform: Platform) -> None:
        """The core takes a revision of its own users as the last writer's; it must be told."""
        mine, theirs = platform.says(editor="svc-1"), platform.says(editor="104")
        assert replace(mine, updated_by=theirs.updated_by) == theirs
        assert mine.updated_by in {"svc-1", ""}

    def test_the_variable_is_read_and_any_other_is_absent(self, platform: Platform) -> None:
        ticket = platform.says()
        if not platform.role:
            assert ticket.variable("role") in {Missing.ABSENT, Missing.NOT_APPLICABLE}
            return
        assert ticket.variable(platform.role) == "prod-db-admin"
        assert ticket.variable("no-such-variable") is Missing.ABSENT
        cut = platform.says(role="x" * (FIELD_TEXT_MAX + 1))
        assert cut.variable(platform.role) is Missing.ABSENT

    def test_a_declared_field_that_is_missing_is_absent(self, platform: Platform) -> None:
        body = platform.body(Says())
        for name, path in platform.paths.items():
            lacking = without(body, path)
            if name in platform.must_send:
                assert platform.refused(lacking) == "unknown_keys", name
            else:
                assert platform.read(lacking).value(name) is Missing.ABSENT, name

    def test_a_field_that_cannot_be_read_is_absent(self, platform: Platform) -> None:
        body = platform.body(Says())
        bad: Json
        for bad in ({"no": "such key"}, [["x"]], {}):
            for name, path in platform.paths.items():
                assert platform.read(put(body, path, bad)).value(name) is Missing.ABSENT, name

    def test_a_text_over_the_cap_is_absent_never_cut(self, platform: Platform) -> None:
        fits = "x" * FIELD_TEXT_MAX
        for name in ("title", "text"):
            what = {"title": "short_description", "text": "description"}[name]
            if what not in platform.paths:
                continue
            assert platform.says(**{name: fits}).value(what) == fits
            assert platform.says(**{name: fits + "x"}).value(what) is Missing.ABSENT

    def test_the_operators_map_takes_away_and_points_elsewhere(self, platform: Platform) -> None:
        table = platform.mapping.tables[platform.table]
        taken = replace(table, map={**table.map, "short_description": None, "window": "no.such"})
        ticket = platform.read(
            platform.body(Says()), SourceMapping("desk", {platform.table: taken})
        )
        assert ticket.value("short_description") is Missing.NOT_APPLICABLE
        assert ticket.value("window") is Missing.ABSENT

    def test_empty_is_absent_where_the_operator_says_it_must_be_there(
        self, platform: Platform
    ) -> None:
        table = platform.mapping.tables[platform.table]
        strict = replace(table, must_have=frozenset({"short_description"}))
        body = platform.body(Says(title=""))
        assert platform.read(body).value("short_description") == ""
        mapping = SourceMapping("desk", {platform.table: strict})
        assert platform.read(body, mapping).value("short_description") is Missing.ABSENT

    def test_what_is_no_record_of_a_mapped_table_is_refused(self, platform: Platform) -> None:
        body = platform.body(Says())
        for junk in (None, [], "x", 7, True, [body]):
            assert platform.refused(junk) == "not_a_record"
        assert platform.refused(body, SourceMapping("desk", {})) in {"no_mapping", "no_table"}
        idents: tuple[Json, ...] = ("", None, "one two", "a" * 65, [], {}, "../x")
        for ident in idents:
            assert platform.refused(put(body, platform.id_path, ident)) == "no_ticket_id"
        assert platform.refused(without(body, platform.id_path)) == "no_ticket_id"
        for code, bad in platform.malformed:
            assert platform.refused(bad) == code, bad

    def test_no_refusal_quotes_the_body(self, platform: Platform) -> None:
        body = put(platform.body(Says()), platform.id_path, "my password is hunter2")
        with pytest.raises(MalformedDeliveryError) as caught:
            platform.connector.normalise(body, platform.mapping)
        assert "hunter2" not in caught.value.reason + caught.value.next_step

    def test_what_is_no_ticket_is_told_apart_and_no_ticket_is_taken_for_it(
        self, platform: Platform
    ) -> None:
        for other in ({"test": 2432232314}, *platform.not_tickets):
            assert isinstance(platform.connector.normalise(other, platform.mapping), NoTicket)
        for event in ("created", "updated"):
            platform.says(event=event)

    def test_a_hint_agrees_with_the_ticket(self, platform: Platform) -> None:
        for webhook_id, hint in {
            "msg_p5jXN8AQM9LWM0D4loKWxJek": None,
            "": None,
            **platform.hints,
        }.items():
            assert platform.connector.ticket_hint(webhook_id) == hint
        assert {hint for hint in platform.hints.values() if hint} <= {platform.ident}

    def test_depth_and_size_are_bounded_in_time(self, platform: Platform) -> None:
        body = platform.body(Says())
        for bad in (nested(LEVELS), "x" * 2_000_000, ["x"] * 300_000, {"{" * 9: nested(LEVELS)}):
            for path in (*platform.paths.values(), platform.id_path):
                start = time.process_time()
                self.outcome(platform, put(body, path, bad))
                assert time.process_time() - start < SECONDS_MAX
            self.outcome(platform, bad)
            self.outcome(platform, dict.fromkeys(body, bad))

    @pytest.mark.untraced
    def test_only_our_error_leaves_for_any_json(self, platform: Platform) -> None:
        names = sorted(
            {*keys_of(platform.body(Says())), "type", "content", "text", "attrs", "value"}
        )
        words = st.sampled_from([platform.ident, *platform.states.values(), "doc", ""])
        plain = (
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | words
        )
        json = st.recursive(
            plain,
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(names) | st.text(max_size=3), inner, max_size=6)
            ),
            max_leaves=20,
        )
        base = platform.body(Says())

        @settings(max_examples=60, deadline=None)
        @given(json, st.lists(st.tuples(st.sampled_from(places_of(base)), json), max_size=4))
        def any_json(junk: Json, changes: list[tuple[tuple[str | int, ...], Json]]) -> None:
            self.outcome(platform, junk)
            body = base
            for path, value in sorted(changes, key=lambda one: -len(one[0])):
                body = put(body, path, value)
            self.outcome(platform, body)

        any_json()

    @staticmethod
    def outcome(platform: Platform, payload: Json) -> None:
        """Read it; whatever it is, it is a whole ticket or one of our refusals."""
        code, found = "", None
        try:
            found = platform.connector.normalise(payload, platform.mapping)
        except MalformedDeliveryError as fault:
            code = fault.code
        if found is None:
            assert code in CODES
            return
        assert isinstance(found, Ticket | ApproverRow | NoTicket)
        if isinstance(found, Ticket):
            assert found.version is None or (type(found.version) is int and found.version >= 0)
            assert all(isinstance(one, str | Missing) for one in (found.variables or {}).values())
            for name, value in found.fields.items():
                wanted = Reference if name in REFERENCE_FIELDS else str
                assert isinstance(value, wanted | Missing), name
                assert value != Reference(None, None)


def keys_of(body: Json) -> set[str]:
    """Every key in the body."""
    if isinstance(body, dict):
        return set(body).union(*(keys_of(inner) for inner in body.values()))
    return set().union(*(keys_of(inner) for inner in body)) if isinstance(body, list) else set()


def places_of(body: Json, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every value in the body."""
    items: list[tuple[str | int, Json]] = []
    if isinstance(body, dict):
        items = list(body.items())
    elif isinstance(body, list):
        items = list(enumerate(body))
    found = [(*at, key) for key, _ in items]
    return found + [one for key, inner in items for one in places_of(inner, (*at, key))]
