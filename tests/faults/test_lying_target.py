"""Targets that lie, lose answers, throttle, refuse or are down: revoked means confirmed.

rules 1 and 2. Where seconds of the product's own patience pass, its clock runs faster.
"""

import threading
from datetime import timedelta
from typing import Final

import pytest
from tests.contracts.scim_proxy import Mode, ScimProxy, _Handler
from tests.faults.ground import BOUND_SECONDS, Ground, only_oliver
from typing_extensions import override

from ticketgate.domain.grants.grant import REVOKE_TRIES_BEFORE_OVERDUE
from ticketgate.domain.instants import from_text

pytestmark = pytest.mark.slow

FAST: Final = 10  # so many of the product's seconds in one of ours
FASTER: Final = 20


class LateProxy(ScimProxy):
    """In mode `RESET` a change is lost to the sender, and lands when the test says so."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self._held: list[tuple[_Handler, bytes]] = []
        self.holding = threading.Event()

    @override
    def forward(self, asked: _Handler, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        if asked.command != "PATCH" or self.mode is not Mode.RESET:
            return super().forward(asked, body)
        self._held.append((asked, body))
        self.holding.set()
        return 204, [], b""

    def land(self) -> None:
        """What was held reaches the server now."""
        ((asked, body),) = self._held
        status, _, _ = super().forward(asked, body)
        assert status in {200, 204}


def outcomes(ground: Ground) -> list[str]:
    """What the tries came to, as recorded."""
    return [record["outcome"] for record in ground.of_type("command.retried")]


def test_a_target_that_takes_the_removal_and_does_not_make_it_is_overdue_and_never_revoked(
    ground: Ground, proxy: ScimProxy
) -> None:
    """204 is no confirmation. Once the target heals, the gateway ends it by itself."""
    ground.launch(speed=FASTER)
    ticket = ground.granted()
    proxy.set_mode(Mode.DROP)
    before = proxy.patches
    ground.cancel(ticket)
    ground.until("the state of overdue", lambda: ground.state() == "revoke_overdue")
    (overdue,) = ground.of_type("revocation.overdue")
    # by tries, or by time where the hurried clock was faster
    assert 0 < overdue["tries"] <= REVOKE_TRIES_BEFORE_OVERDUE
    assert proxy.patches - before >= overdue["tries"]
    assert ground.in_group()
    assert ground.state() == "revoke_overdue"
    assert ground.of_type("revocation.confirmed") == []
    assert outcomes(ground) == ["target_conflict"]

    proxy.set_mode(Mode.PASS)
    ground.until("the revocation", lambda: ground.state() == "revoked")
    assert only_oliver(ground)
    assert ground.path()[-4:] == ["revoking", "revoke_overdue", "revoking", "revoked"]
    ground.prove()


def test_a_target_that_is_down_at_expiry_is_asked_until_it_confirms(
    ground: Ground, proxy: ScimProxy
) -> None:
    """The lateness is recorded, and is what it was."""
    ground.launch()
    ground.granted("PT2S")
    proxy.set_mode(Mode.DOWN)
    tries = "SELECT tries FROM command WHERE kind = 'revoke'"
    ground.until("two tries", lambda: ground.look(tries) >= [(2,)])
    assert ground.state() == "revoking"
    assert ground.in_group()
    assert outcomes(ground) == ["target_unavailable"]

    proxy.set_mode(Mode.PASS)
    ground.until("the revocation", lambda: ground.state() == "revoked", BOUND_SECONDS)
    assert only_oliver(ground)
    (confirmed,) = ground.of_type("revocation.confirmed")
    late = from_text(confirmed["_ts"]) - from_text(confirmed["not_after"])
    assert confirmed["late_milliseconds"] == late // timedelta(milliseconds=1)
    assert late > timedelta(milliseconds=500)
    ground.prove()


def test_a_grant_whose_answer_was_lost_is_compensated(ground: Ground, proxy: ScimProxy) -> None:
    """It may be half done, so it is taken back; confirmed once nothing can land any more."""
    ground.launch(speed=FAST)
    ground.ask()
    proxy.set_mode(Mode.RESET)
    ground.approve()
    ground.until("the compensation", lambda: ground.state() == "revoking")
    proxy.set_mode(Mode.PASS)
    ground.until("the revocation", lambda: ground.state() == "revoked")
    assert only_oliver(ground)
    assert ground.path() == ["planned", "provisioning", "revoking", "revoked"]
    assert ground.moves()[2]["cause"] == "provision_failed"
    assert ground.moves()[3]["_ts"] >= ground.moves()[1]["deadline"]
    ground.prove()


def test_a_grant_that_lands_after_it_was_given_up_does_not_stay(ground: Ground) -> None:
    """I6: an effect that lands late within the call's deadline is swept."""
    with LateProxy(ground.scim.url) as proxy:
        ground.point_at(proxy.url)
        ground.launch(speed=FAST)
        ground.ask()
        proxy.set_mode(Mode.RESET)
        ground.approve()
        assert proxy.holding.wait(BOUND_SECONDS)
        proxy.set_mode(Mode.PASS)
        waits = (
            "SELECT count(*) FROM command WHERE kind = 'revoke' AND due_at ="
            " (SELECT deadline FROM command WHERE kind = 'provision')"
        )
        ground.until("a look that finds nothing yet", lambda: ground.look(waits) == [(1,)])
        assert only_oliver(ground)
        proxy.land()
        assert ground.in_group()
        ground.until("the revocation", lambda: ground.state() == "revoked")
        assert only_oliver(ground)
        ground.prove()


def test_a_revocation_whose_answer_was_lost_is_confirmed_by_looking(
    ground: Ground, proxy: ScimProxy
) -> None:
    """Absent is success, whoever said so."""
    ground.launch()
    ticket = ground.granted()
    proxy.set_mode(Mode.RESET)
    ground.cancel(ticket)
    ground.until("the revocation", lambda: ground.state() == "revoked", BOUND_SECONDS)
    assert only_oliver(ground)
    assert outcomes(ground) == ["outcome_unknown"]
    ground.prove()


def test_a_wrong_token_cancels_the_grant_and_touches_nothing(
    ground: Ground, proxy: ScimProxy
) -> None:
    """What never touched the target needs no revocation."""
    (ground.config / "secrets" / "scim.token").write_text("not-the-token-of-this-server\n")
    ground.launch()
    ground.ask()
    ground.approve()
    ground.until("the end", lambda: ground.state() == "cancelled", BOUND_SECONDS)
    assert ground.path() == ["planned", "cancelled"]
    assert ground.moves()[-1]["cause"] == "target_denied"
    assert proxy.patches == 0
    assert only_oliver(ground)
    ground.prove()


def test_a_throttled_grant_waits_as_long_as_the_target_asks_and_gains_no_time(
    ground: Ground, proxy: ScimProxy
) -> None:
    """429 with Retry-After: one intent, one end, however many tries."""
    ground.launch(speed=FAST)
    ground.ask()
    proxy.set_mode(Mode.THROTTLE)
    ground.approve()
    ground.until("the first try", lambda: outcomes(ground) == ["target_throttled"])
    proxy.set_mode(Mode.PASS)
    ground.until("the activation", lambda: ground.state() == "active", BOUND_SECONDS)
    assert ground.in_group()
    (retried,) = ground.of_type("command.retried")
    (activated,) = ground.of_type("grant.activated")
    waited = from_text(activated["_ts"]) - from_text(retried["_ts"])
    assert waited >= timedelta(seconds=7)
    assert proxy.patches == 2
    ground.prove()
