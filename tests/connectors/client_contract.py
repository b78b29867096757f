"""What every client that asks an ITSM platform must keep, told by a small description of each.

A platform is described by one class, a `Desk` of `client_desk.py`, which stands beside the platform
in memory. The suite asks all of them the same questions; what is a platform's own is in its
`test_…_client.py`.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import pytest
from tests.connectors.client_desk import Desk, OpenDesk, opened, walked
from tests.connectors.platform_http import Asked, Fault, PlatformHttp, Reply

from ticketgate.connector_api import (
    Conflict,
    ConnectorError,
    Denied,
    ItsmClient,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unavailable,
)

Failing = tuple[Reply | None, type[ConnectorError]]
START: Final = datetime(2026, 1, 1, 11, 32, 0, 123, tzinfo=UTC)  # with the overlap, from 11:30
ELSEWHERE: Final = {"Location": "http://127.0.0.1:1/"}

# What fails alike whether it is read or written.
FAILING: Final[tuple[Failing, ...]] = (
    (Reply({}, 302, ELSEWHERE), Misconfigured),
    (Reply({}, 401), Denied),
    (Reply({}, 403), Denied),
    (Reply({}, 404), NotFound),
    (Reply({}, 429, {"Retry-After": "7"}), Throttled),
)
READING: Final[tuple[Failing, ...]] = (
    *FAILING,
    (Reply({}, 400), Misconfigured),
    (Reply({}, 410), Misconfigured),
    (Reply({}, 422), Misconfigured),
    (Reply({}, 500), Unavailable),
    (Reply({}, 503), Unavailable),
    (Reply({"none": []}, cut=True), Unavailable),
    (None, Unavailable),
)
WRITING: Final[tuple[Failing, ...]] = (
    *FAILING,
    (Reply({}, 400), Refused),
    (Reply({}, 422), Refused),
    (Reply({}, 409), Conflict),
    (Reply({}, 412), Conflict),
)
LOST: Final = (None, Reply({}, 500), Reply({}, 502), Reply({}, 504))
NO_CURSORS: Final = (
    *("", "{}", "[1]", "[1, 2]", "7", '["x","",0]', '[1,"",true]', '["x","",""]', '["1", 0, 0]'),
    *('["noon", ""]', '["2026-01-01T10:00:00Z"]', '["2026-01-01T10:00:00Z", 7]'),
    *(f'["2026-01-01 10:00:00", {rest}]' for rest in ('7, ""', '"", 0', '"", null', '"", "noon"')),
)


def shown(value: object) -> str:
    """How an answer or an error is named among the cases."""
    if isinstance(value, Reply):
        return "cut" if value.cut else str(value.status)
    return getattr(value, "__name__", "no answer")


def nothing_is_lost(desk: Desk, peer: PlatformHttp, limit: int) -> None:
    """Many tickets of equal times are all told, and where borders repeat nothing, once."""
    desk.put("11:00:00")
    made = [desk.put(at) for at in (*(["11:40:00"] * 12), "11:40:01", *(["11:40:02"] * 3))]
    asking = opened(type(desk), peer)
    found = walked(asking, desk.table, asking.begin(START), limit)
    assert (set(found) if desk.repeats else found) == (set(made) if desk.repeats else made)


def first_page(desk: Desk, asking: ItsmClient) -> list[str]:
    """The ids of the first page."""
    return [one.ticket_id for one in asking.poll(desk.table, asking.begin(START), 10).records]


def gone_once_written(desk: Desk, peer: PlatformHttp, reply: Reply) -> Callable[[Asked], Reply]:
    """Everything is answered, but no read after a comment was written."""
    return lambda asked: (
        reply if asked.method == "GET" and peer.count(desk.writes) else desk.server(asked)
    )


def failed(error: type[ConnectorError], desk: Desk, call: Callable[[], object]) -> None:
    """The call raises just this, without a secret; who asks to wait is heard."""
    with pytest.raises(error) as told:
        call()
    assert type(told.value) is error
    assert desk.secret not in str(told.value)
    if isinstance(told.value, Throttled):
        assert told.value.retry_after == 7.0


class ClientContract:
    """The suite. A test class gives the fixtures `desk` and `peer`, which serves it."""

    # --- polling ----------------------------------------------------------------------------------

    def test_it_can_poll_and_comment(self, desk: Desk, peer: PlatformHttp) -> None:
        assert desk.platform.capabilities == {"poll", "comment"}
        assert opened(type(desk), peer).tables == desk.tables

    def test_what_was_changed_since_the_start_is_found_in_order(
        self, desk: Desk, peer: PlatformHttp
    ) -> None:
        made = [desk.put(at) for at in ("11:29:59", "11:30:20", "11:30:10", "11:35:00")]
        asking = opened(type(desk), peer)
        page = asking.poll(desk.table, asking.begin(START), 10)
        assert [one.ticket_id for one in page.records] == [made[2], made[1], made[3]]
        assert {one.table for one in page.records} == {desk.table}
        assert not page.more
        assert {one.headers["authorization"] for one in peer.asked} == {desk.login}
        asking.close()

    def test_what_did_not_change_reads_the_same(self, desk: Desk, peer: PlatformHttp) -> None:
        desk.put("11:40:00")
        asking = opened(type(desk), peer)
        first, second = (asking.poll(desk.table, asking.begin(START), 10) for _ in range(2))
        assert first.records == second.records
        assert all(one.body.isascii() for one in first.records)

    def test_the_next_poll_looks_again_at_the_overlap(self, desk: Desk, peer: PlatformHttp) -> None:
        made = [desk.put("11:40:00"), desk.put("11:58:30")]
        asking = opened(type(desk), peer)
        page = asking.poll(desk.table, asking.begin(START), 10)
        assert ([one.ticket_id for one in page.records], page.more) == (made, False)
        late = desk.put("11:58:20")  # became visible late
        desk.put("11:50:00")  # control: before the overlap
        assert walked(asking, desk.table, page.cursor, 10) == [late, made[1]]
        desk.put("11:58:45", made[0])
        assert walked(asking, desk.table, page.cursor, 10) == [late, made[1], made[0]]

    def test_nothing_new_leaves_the_cursor_where_it_is(
        self, desk: Desk, peer: PlatformHttp
    ) -> None:
        asking = opened(type(desk), peer)
        start = asking.begin(START)
        page = asking.poll(desk.table, start, 10)
        assert (page.records, page.more) == ((), False)
        assert (page.cursor != start) == desk.follows_clock
        assert asking.poll(desk.table, page.cursor, 10) == page

    @pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 7, 50, 500])
    def test_equal_times_over_a_page_border_lose_nothing(
        self, desk: Desk, peer: PlatformHttp, limit: int
    ) -> None:
        nothing_is_lost(desk, peer, limit)

    def test_a_change_between_two_pages_loses_nothing(self, desk: Desk, peer: PlatformHttp) -> None:
        made = [desk.put(at) for at in ("11:41:00", "11:42:00", "11:43:00", "11:44:00")]
        asking = opened(type(desk), peer)
        page = asking.poll(desk.table, asking.begin(START), 2)
        assert ([one.ticket_id for one in page.records], page.more) == (made[:2], True)
        desk.put("11:45:00", made[0])
        found = walked(asking, desk.table, page.cursor, 2)
        behind = [made[2], made[3], made[0]]
        if desk.repeats:  # each border tells its own moment again
            assert list(dict.fromkeys(found)) == [made[1], *behind]
        else:
            assert found == behind

    # --- polling goes wrong -----------------------------------------------------------------------

    @pytest.mark.parametrize(("reply", "error"), READING, ids=shown)
    def test_a_page_that_fails_says_how(
        self, desk: Desk, peer: PlatformHttp, reply: Reply | None, error: type[ConnectorError]
    ) -> None:
        made = desk.put("11:40:00")
        peer.faults = [Fault(reply=reply)]
        asking = opened(type(desk), peer)
        failed(error, desk, lambda: first_page(desk, asking))
        assert first_page(desk, asking) == [made]

    def test_an_answer_of_another_form_is_refused(self, desk: Desk, peer: PlatformHttp) -> None:
        made = desk.put("11:40:00")
        asking = opened(type(desk), peer)
        for body in desk.other_forms:
            peer.faults = [Fault(reply=Reply(body))]
            failed(Misconfigured, desk, lambda: first_page(desk, asking))
        assert first_page(desk, asking) == [made]

    @pytest.mark.parametrize(
        ("reply", "error"),
        [(Reply({}, 401), Denied), (Reply({}, 500), Unavailable), (None, Unavailable), FAILING[-1]],
        ids=shown,
    )
    def test_no_read_of_a_poll_or_of_one_ticket_fails_unnoticed(
        self, desk: Desk, peer: PlatformHttp, reply: Reply | None, error: type[ConnectorError]
    ) -> None:
        made = desk.put("11:40:00")
        asking = opened(type(desk), peer)
        calls = (lambda: first_page(desk, asking), lambda: asking.fetch(desk.table, made))
        for call in calls:
            before = len(peer.asked)
            assert call()
            for number in range(len(peer.asked) - before):
                peer.faults = [Fault(reply=reply, behind=number)]
                failed(error, desk, call)
                assert not peer.faults

    @pytest.mark.parametrize(
        ("said", "waits"),
        [("7", 7.0), ("93", 93.0), ("99999", 3600.0), ("Thu, 01 Jan 2026", 30.0), ("", 30.0)],
    )
    def test_a_platform_that_asks_to_wait_is_heard(
        self, desk: Desk, peer: PlatformHttp, said: str, waits: float
    ) -> None:
        peer.faults = [Fault(reply=Reply({}, 429, {"Retry-After": said}))]
        asking = opened(type(desk), peer)
        with pytest.raises(Throttled) as told:
            first_page(desk, asking)
        assert told.value.retry_after == waits
        peer.faults = [Fault(reply=Reply({}, 429))]
        with pytest.raises(Throttled) as untold:
            first_page(desk, asking)
        assert untold.value.retry_after == 30.0

    def test_a_platform_that_does_not_heed_the_query_is_not_believed(
        self, desk: Desk, peer: PlatformHttp
    ) -> None:
        desk.put("09:00:00")
        made = desk.put("11:40:00")
        desk.deafen(peer)
        asking = opened(type(desk), peer)
        if desk.drops_deaf:
            assert first_page(desk, asking) == [made]
            return
        with pytest.raises(Misconfigured, match="heed"):
            first_page(desk, asking)

    def test_a_cursor_that_cannot_be_read_is_told(self, desk: Desk, peer: PlatformHttp) -> None:
        for cursor in (*NO_CURSORS, *desk.no_cursors):
            with pytest.raises(Misconfigured, match="cursor"):
                opened(type(desk), peer).poll(desk.table, cursor, 10)
        assert peer.asked == []

    # --- comments ---------------------------------------------------------------------------------

    def test_a_comment_is_written_once_under_its_key_and_is_private(
        self, desk: Desk, peer: PlatformHttp
    ) -> None:
        ident = desk.put("11:40:00")
        asking = opened(type(desk), peer)
        for _ in range(3):
            told = asking.comment(desk.table, ident, "was approved\n\n[cmd_1]", "cmd_1")
            assert told == "cmd_1"
        assert desk.written() == [desk.says("was approved\n\n[cmd_1]", "cmd_1")]
        asking.comment(desk.table, ident, "is given [cmd_2]", "cmd_2")
        assert desk.written()[1:] == [desk.says("is given [cmd_2]", "cmd_2")]
        sent = [one for one in peer.asked if one.method != "GET"]
        assert [one.method for one in sent] == [desk.writes] * 2
        assert all(desk.is_private(one) for one in sent)
        assert {one.headers["authorization"] for one in peer.asked} == {desk.login}

    def test_a_key_behind_many_comments_of_others_is_found(
        self, desk: Desk, peer: PlatformHttp
    ) -> None:
        ident = desk.put("11:40:00")
        desk.talk(ident, 1)
        asking = opened(type(desk), peer)
        asking.comment(desk.table, ident, "told [cmd_1]", "cmd_1")
        desk.talk(ident, 250)
        asking.comment(desk.table, ident, "told [cmd_1]", "cmd_1")
        assert peer.count(desk.writes) == 1

    @pytest.mark.parametrize("applied", [True, False])
    @pytest.mark.parametrize("reply", LOST, ids=shown)
    def test_a_comment_whose_answer_was_lost_is_there_once_after_the_next_try(
        self, desk: Desk, peer: PlatformHttp, reply: Reply | None, *, applied: bool
    ) -> None:
        ident = desk.put("11:40:00")
        peer.faults = [Fault(desk.writes, reply, applied=applied)]
        asking = opened(type(desk), peer)
        failed(
            OutcomeUnknown, desk, lambda: asking.comment(desk.table, ident, "told [cmd_1]", "cmd_1")
        )
        assert len(desk.written()) == applied
        asking.comment(desk.table, ident, "told [cmd_1]", "cmd_1")
        assert desk.written() == [desk.says("told [cmd_1]", "cmd_1")]

    def test_a_comment_that_is_taken_and_not_shown_is_not_called_written(
        self, desk: Desk, peer: PlatformHttp
    ) -> None:
        ident = desk.put("11:40:00")
        desk.hide()
        with pytest.raises(Refused, match=desk.unseen) as told:
            opened(type(desk), peer).comment(desk.table, ident, "told [cmd_1]", "cmd_1")
        assert told.value.next_step

    @pytest.mark.parametrize(
        "reply",
        [one for one, _ in READING if one is not None] + [Reply(7)],
        ids=shown,
    )
    def test_a_comment_that_cannot_be_read_back_is_unknown_and_is_not_written_again(
        self, desk: Desk, peer: PlatformHttp, reply: Reply
    ) -> None:
        ident = desk.put("11:40:00")
        asking = opened(type(desk), peer)
        peer.answer = gone_once_written(desk, peer, reply)
        with pytest.raises(OutcomeUnknown, match="read back"):
            asking.comment(desk.table, ident, "told [cmd_1]", "cmd_1")
        peer.answer = desk.server
        assert asking.comment(desk.table, ident, "told [cmd_1]", "cmd_1") == "cmd_1"
        assert len(desk.written()) == 1

    @pytest.mark.parametrize(("reply", "error"), WRITING, ids=shown)
    def test_a_comment_that_is_refused_says_how(
        self, desk: Desk, peer: PlatformHttp, reply: Reply, error: type[ConnectorError]
    ) -> None:
        ident = desk.put("11:40:00")
        peer.faults = [Fault(desk.writes, reply)]
        asking = opened(type(desk), peer)
        failed(error, desk, lambda: asking.comment(desk.table, ident, "told [cmd_1]", "cmd_1"))
        assert (desk.written(), peer.count(desk.writes)) == ([], 1)

    @pytest.mark.parametrize(("reply", "error"), READING, ids=shown)
    def test_where_the_key_cannot_be_looked_for_nothing_is_written(
        self, desk: Desk, peer: PlatformHttp, reply: Reply | None, error: type[ConnectorError]
    ) -> None:
        ident = desk.put("11:40:00")
        peer.faults = [Fault(reply=reply)]
        asking = opened(type(desk), peer)
        failed(error, desk, lambda: asking.comment(desk.table, ident, "told [cmd_1]", "cmd_1"))
        assert peer.count(desk.writes) == 0

    def test_a_ticket_that_is_not_there_gets_no_comment(
        self, desk: Desk, peer: PlatformHttp
    ) -> None:
        for ident in (desk.absent, *desk.no_ids):
            with pytest.raises(NotFound):
                opened(type(desk), peer).comment(desk.table, ident, "told [cmd_1]", "cmd_1")
        assert peer.count(desk.writes) == 0

    # --- one ticket by its id ---------------------------------------------------------------------

    def test_one_ticket_is_as_the_poll_gives_it(self, desk: Desk, peer: PlatformHttp) -> None:
        made = [desk.put("11:40:00"), desk.put("11:41:00")]
        desk.put("11:42:00", made[1])
        asking = opened(type(desk), peer)
        page = asking.poll(desk.table, asking.begin(START), 10)
        assert [asking.fetch(desk.table, one) for one in made] == list(page.records)

    def test_a_ticket_that_is_not_shown_is_none_and_nothing_is_asked_of_what_is_no_id(
        self, desk: Desk, peer: PlatformHttp
    ) -> None:
        asking = opened(type(desk), peer)
        desk.put("11:40:00")
        assert asking.fetch(desk.table, desk.absent) is None
        before = len(peer.asked)
        assert [asking.fetch(desk.table, one) for one in desk.no_ids] == [None] * len(desk.no_ids)
        assert len(peer.asked) == before > 0

    def test_another_ticket_than_the_one_asked_for_is_refused(
        self, desk: Desk, peer: PlatformHttp
    ) -> None:
        ident = desk.confuse(peer, desk.put("11:40:00"))
        with pytest.raises(Misconfigured, match="another"):
            opened(type(desk), peer).fetch(desk.table, ident)


class PublicContract:
    """For those whose comments may be shown to customers against our word."""

    def test_a_comment_that_others_see_is_told(self, desk: OpenDesk, peer: PlatformHttp) -> None:
        ident = desk.put("11:40:00")
        desk.publish()
        with pytest.raises(Refused, match=desk.public) as told:
            opened(type(desk), peer).comment(desk.table, ident, "told [cmd_1]", "cmd_1")
        assert told.value.next_step


class MarkContract:
    """For those that write the key in a place of its own, where it stands alone."""

    def test_a_key_that_begins_like_another_is_another(
        self, desk: Desk, peer: PlatformHttp
    ) -> None:
        ident = desk.put("11:40:00")
        asking = opened(type(desk), peer)
        asking.comment(desk.table, ident, "is given", "cmd_11")
        asking.comment(desk.table, ident, "was approved", "cmd_1")
        told = [desk.says("is given", "cmd_11"), desk.says("was approved", "cmd_1")]
        assert desk.written() == told
