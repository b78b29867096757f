"""What a client must keep that walks its platform's list with a token, beside the contract of all.

Two of them also look a platform's comments through page after page, up to a limit.
"""

import pytest
from tests.connectors.client_contract import START
from tests.connectors.client_desk import WalkDesk, opened, walked
from tests.connectors.platform_http import PlatformHttp

from ticketgate.connector_api import Misconfigured, TooLarge


class WalkContract:
    """The suite. A test class gives the fixtures `desk` and `peer`, which serves it."""

    def test_a_token_that_has_ended_begins_the_walk_anew(
        self, desk: WalkDesk, peer: PlatformHttp
    ) -> None:
        made = [desk.put(at) for at in ("11:41:00", "11:42:00", "11:43:00")]
        asking = opened(type(desk), peer)
        page = asking.poll(desk.table, asking.begin(START), 2)
        desk.end_tokens()
        again = asking.poll(desk.table, page.cursor, 10)
        assert [one.ticket_id for one in again.records] == made

    def test_a_token_that_leads_nowhere_is_no_loop(
        self, desk: WalkDesk, peer: PlatformHttp
    ) -> None:
        for at in ("11:41:00", "11:42:00"):
            desk.put(at)
        desk.stick()
        asking = opened(type(desk), peer)
        with pytest.raises(Misconfigured, match="same page"):
            walked(asking, desk.table, asking.begin(START), 1)

    def test_more_comments_than_are_looked_through_get_none(
        self, desk: WalkDesk, peer: PlatformHttp
    ) -> None:
        full, over = desk.put("11:40:00"), desk.put("11:41:00")
        desk.talk(full, desk.too_many - 1)
        desk.talk(over, desk.too_many)
        asking = opened(type(desk), peer)
        assert asking.comment(desk.table, full, "told [cmd_1]", "cmd_1") == "cmd_1"
        with pytest.raises(TooLarge):
            asking.comment(desk.table, over, "told [cmd_2]", "cmd_2")
        assert peer.count(desk.writes) == 1
