"""What anchors over HTTP share: one guarded request, and its failures in the words of anchors."""

from typing import Final

from ticketgate.adapters.net.http import GuardedHttp, networks
from ticketgate.connector_api import ConnectorError, HttpAnswer, TooLarge
from ticketgate.domain.log.anchor import AnchorError

DEADLINE_SECONDS: Final = 10.0
_BUSY: Final = 429
_SERVER_FAULTS: Final = frozenset({500, 502, 503, 504})


def way_out(allow_networks: str, deadline_seconds: float = DEADLINE_SECONDS) -> GuardedHttp:
    """The guarded way to one anchor."""
    return GuardedHttp(deadline_seconds, networks(allow_networks))


def asked(
    http: GuardedHttp, method: str, url: str, body: bytes, headers: dict[str, str]
) -> HttpAnswer:
    """One request.

    Raises:
        AnchorError: `anchor_address`: it may not be called; `anchor_unreachable`: nothing, or no
            whole answer came, or it is busy; `anchor_answer`: the answer is larger than is read.
    """
    try:
        answer = http.send(method, url, body, headers)
    except TooLarge as fault:
        raise AnchorError(fault.reason, code="anchor_answer") from fault
    except ConnectorError as fault:
        if not fault.retryable:
            raise AnchorError(
                fault.reason, code="anchor_address", next_step=fault.next_step
            ) from fault
        raise AnchorError(fault.reason, code="anchor_unreachable") from fault
    if answer.status == _BUSY or answer.status in _SERVER_FAULTS:
        raise AnchorError(f"it answered {answer.status}", code="anchor_unreachable")
    return answer
