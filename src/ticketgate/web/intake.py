"""The machines' door, `POST /hooks/{source}`: authenticate, read strictly, store, answer 202.

No framework: this path competes with an app that only answers 202 (`make bench`).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from json.encoder import encode_basestring_ascii as _quoted
from typing import Final

from ticketgate.domain import strict_json
from ticketgate.domain.delivery import Delivery, VerifiedDelivery
from ticketgate.domain.errors import AuthenticationError, StoreUnavailableError, StrictJsonError
from ticketgate.domain.receipt import Receipt
from ticketgate.domain.signature import authenticate
from ticketgate.web.problems import Answer, refusal

UNKNOWN_SOURCE: Final = "unknown"  # what a source that is not configured is counted as
_ACCEPTED: Final = 202
_CONTENT_TYPE: Final = (b"content-type", b"application/json")
_SIGNED: Final = tuple(  # all that a signature scheme reads; the rest is never decoded
    (name.encode(), name) for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
)

ReceiveDelivery = Callable[[VerifiedDelivery, str | None], Awaitable[Receipt]]


@dataclass(frozen=True, slots=True)
class SourceKeys:
    """The MAC keys of one source, several while rotating."""

    secrets: tuple[bytes, ...] = field(repr=False)


class Intake:
    """Nothing of a delivery is stored, or even parsed, before its MAC holds.

    `receive(delivery, quarantine)` answers once the delivery is durable and in the chain;
    `quarantine` is the code of why it cannot be used, else None. It raises StoreUnavailableError
    when nothing was kept. `count_refused(source, code)` counts what was refused.
    """

    def __init__(
        self,
        sources: Mapping[str, SourceKeys],
        receive: ReceiveDelivery,
        wall_clock: Callable[[], datetime],
        count_refused: Callable[[str, str], None],
    ) -> None:
        self._sources = sources
        self._receive = receive
        self._wall_clock = wall_clock
        self._count_refused = count_refused
        # Whoever posts to a source that does not exist must cost and learn the same as elsewhere.
        every_key = b"".join(key for name in sorted(sources) for key in sources[name].secrets)
        self._nobody = SourceKeys((sha256(b"no such source" + every_key).digest(),))

    def refuse(self, source: str, code: str) -> Answer:
        """The problem reply for `code`, counted."""
        self._count_refused(source if source in self._sources else UNKNOWN_SOURCE, code)
        return refusal(code)

    async def post(self, source: str, fields: Mapping[bytes, bytes], body: bytes) -> Answer:
        """Take one delivery whose HTTP form is already checked.

        202 with a receipt, also when the body is unusable (quarantined: no sender shall disable
        its hook); 400 or 401 when it is not authentic; 503 when it cannot be stored.
        """
        now = self._wall_clock()
        headers = {text: fields[name].decode("latin-1") for name, text in _SIGNED if name in fields}
        keys = self._sources.get(source)
        try:
            verified = authenticate(
                Delivery(source, headers, body, now), (keys or self._nobody).secrets, now
            )
        except AuthenticationError as fault:
            return self.refuse(source, fault.code)
        if keys is None:
            return self.refuse(source, "signature_mismatch")
        try:
            receipt = await self._receive(verified, _unusable(body))
        except StoreUnavailableError as fault:
            return self.refuse(source, fault.code)
        return _accepted(receipt)


def _unusable(body: bytes) -> str | None:
    """The code of why `body` cannot be used; None when it is strict JSON."""
    try:
        strict_json.read(body)
    except StrictJsonError as fault:
        return fault.code
    return None


def _accepted(receipt: Receipt) -> Answer:
    evidence = receipt.evidence
    text = (
        f'{{"delivery_id":{_quoted(receipt.delivery_id)},"status":"{receipt.status}","evidence":'
        f'{{"origin":{_quoted(evidence.origin)},"index":{evidence.index},"leaf":"{evidence.leaf}"}}}}'
    )
    body = text.encode()
    return Answer(_ACCEPTED, (_CONTENT_TYPE, (b"content-length", b"%d" % len(body))), body)
