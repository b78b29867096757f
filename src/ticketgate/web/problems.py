"""What a door answers: the one map from a stable `code` to a status and an RFC 9457 problem."""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

Message = MutableMapping[str, Any]  # an ASGI scope or event
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

PROBLEM_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 5
UNKNOWN_STATUS: Final = 500  # of a code that no door was meant to show

# code -> (status, what the sender is told when nobody says more)
_DOORS: Final[Mapping[str, tuple[int, str]]] = {
    "malformed_request": (400, "the request is not well-formed HTTP"),
    "host": (400, "exactly one valid Host header is needed"),
    "path": (400, "the path is not in its plain form"),
    "content_length": (400, "Content-Length must be one decimal number, and true"),
    "doubled_header": (400, "a header that counts only once came twice"),
    "signature_header": (400, "a header of the signature is not well-formed"),
    "timestamp_header": (400, "the time of the signature is not of its form"),
    "csrf": (400, "the form's token is missing or not yours; load the page again"),
    "signature_missing": (401, "a header that proves the sender is missing"),
    "timestamp_outside_tolerance": (401, "signed too far from the time here"),
    "signature_mismatch": (401, "no signature or credential matches"),
    "not_found": (404, "there is nothing here for you"),
    "method_not_allowed": (405, "this method is not for this path"),
    "too_slow": (408, "the request did not arrive in time"),
    "no_length": (411, "Content-Length is needed; chunked bodies are not taken"),
    "too_large": (413, "the body is larger than is taken here"),
    "url_too_long": (414, "the address is longer than is taken here"),
    "content_type": (415, "the body must be application/json"),
    "content_encoding": (415, "compressed bodies are not taken"),
    "head_too_large": (431, "the headers are more, or larger, than is taken here"),
    "too_many_deliveries": (429, "more deliveries than this source may send; send it again later"),
    "internal": (500, "a fault on our side; nothing was changed"),
    "transfer_encoding": (501, "this transfer encoding is not known"),
    "store_unavailable": (503, "it cannot be stored now; send it again"),
    "too_many_connections": (503, "too many connections; try again"),
    "not_ready": (503, "a part is not working"),
    "restore_pending": (503, "the restore of this gateway must be declared first"),
}
_BODIES: Final = dict.fromkeys(
    (
        *("not_utf8", "byte_order_mark", "nul", "not_json", "depth"),
        *("duplicate_key", "number", "surrogate", "body_shape", "unknown_key"),
    ),
    400,
)
_DESK: Final = {
    "sign_in_state": 400,
    "logout_token": 400,
    "cross_site": 403,
    "mail_code_off": 403,
    "provider_refused": 403,
    "token_refused": 403,
    "account_unknown": 403,
    "step_up_refused": 403,
    "not_signed_in": 401,
    "code_wrong": 401,
    "code_expired": 401,
    "not_entitled": 403,
    "self_approval": 403,
    "alias_of_requester": 403,
    "approver_inactive": 403,
    "approver_unknown": 403,
    "approver_away": 403,
    "delegation_void": 403,
    "claims_old": 403,
    "not_in_claims": 403,
    "not_human": 403,
    "separation_of_duties": 403,
    "distinct_people": 403,
    "assurance": 403,
    "not_preauthorised": 403,
    "not_reviewer": 403,
    "own_emergency": 403,
    "own_claim": 403,
    "person_locked": 403,
    "not_operator": 403,
    "claim_of_other": 403,
    "not_triage": 403,
    "not_attending": 403,
    "not_auditor": 403,
    "not_reading_log": 403,
    "not_voucher": 403,
    "own_passkey": 403,
    "passkey_unknown": 403,
    "passkey_needed": 403,
    "voucher_without_passkey": 403,
    "passkey_over": 409,
    "passkey_changed": 409,
    "passkey_known": 409,
    "passkeys_full": 409,
    "vouched_already": 409,
    "passkey_invalid": 422,
    "no_passkeys": 409,
    "own_ticket": 403,
    "own_exception": 403,
    "own_grant": 403,
    "not_overdue": 409,
    "link_used": 409,
    "already_decided": 409,
    "decision_late": 409,
    "ticket_changed": 409,
    "rules_changed": 409,
    "second_word": 409,
    "request_blocked": 409,
    "shown_changed": 409,
    "resolved_already": 409,
    "ended_already": 409,
    "not_offered": 409,
    "reviewed_already": 409,
    "emergency_live": 409,
    "emergency_cooldown": 409,
    "claimed_already": 409,
    "no_reviewer": 409,
    "hard_max_reached": 409,
    "extensions_spent": 409,
    "extension_waits": 409,
    "grant_over": 409,
    "no_extension": 409,
    "consent_needed": 409,
    "body_dropped": 409,
    "restored": 409,
    "shadow": 409,
    "not_compared": 409,
    "not_polled": 409,
    "justification": 422,
    "secret_typed": 422,
    "outcome": 422,
    "verdict": 422,
    "what": 422,
    "assignee": 422,
    "kinds": 422,
    "tier": 422,
    "seconds": 422,
    "claim_person": 422,
    "claim_times": 422,
    "how": 422,
    "seen_by": 422,
    "decision": 422,
    "reason": 422,
    "sources": 422,
    "code_tries": 429,
    "too_many_codes": 429,
    "too_many_links": 429,
    "claim_limit": 429,
    "provider_unavailable": 503,
    "directory_unreadable": 503,
    "directory_stale": 503,
    "policy_stale": 503,
    "ticket_backlog": 503,
    "given_up_full": 503,
    "second_words_full": 503,
    "clock_disputed": 503,
}
STATUS: Final[Mapping[str, int]] = MappingProxyType(
    {code: status for code, (status, _) in _DOORS.items()} | _BODIES | _DESK
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer. `headers` are lower-case and hold the length."""

    status: int
    headers: Headers
    body: bytes


def status_of(code: str) -> int:
    """The status that `code` is answered with; 500 for a code that no door was meant to show."""
    return STATUS.get(code, UNKNOWN_STATUS)


def problem_body(code: str, detail: str = "", **more: object) -> bytes:
    """RFC 9457 §3: `type`, `title`, `status`, `detail`, and our `code`; `more` are extensions."""
    status = status_of(code)
    text = detail or _DOORS.get(code, (status, ""))[1]
    plain = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": text,
    }
    return json.dumps({**plain, **more}).encode()


def retry_after(status: int, seconds: int = RETRY_AFTER_SECONDS) -> Headers:
    """`Retry-After` where the status asks the sender to come back."""
    again = status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}
    return ((b"retry-after", b"%d" % seconds),) if again else ()


@cache  # a flood of refusals costs no encoding; codes and headers are finite, texts are fixed
def refusal(code: str, extra: Headers = (), again: int = RETRY_AFTER_SECONDS) -> Answer:
    """The problem reply for `code`, with `extra` headers; `again` is when to come back, if ever."""
    status, body = status_of(code), problem_body(code)
    headers = (
        (b"content-type", PROBLEM_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        *retry_after(status, again),
        *extra,
    )
    return Answer(status, headers, body)


async def send_answer(send: Send, answer: Answer, *, more_body: bool = False) -> None:
    """Send `answer`; with `more_body` the exchange stays open although the body is complete."""
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": more_body})
