"""An RFC 3161 time-stamp authority: its token says that the root of a checkpoint existed by then.

Needs the extra `tsa`; this module is imported only where one is configured.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ObjectIdentifier
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimeStampRequest,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from ticketgate.adapters.anchors.anchor_http import asked as ask
from ticketgate.adapters.net.http import GuardedHttp
from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.log.anchor import AnchorError, AnchorKind
from ticketgate.domain.settings import TsaSettings
from ticketgate.domain.verifying.anchor_check import ReadToken
from ticketgate.ports import Asked, Vouched

TOKEN_BYTES_MAX: Final = 65_536
_QUERY: Final = {"Content-Type": "application/timestamp-query"}
_REPLY: Final = "application/timestamp-reply"
_SHA256: Final = ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_OK: Final = 200


class TimeStamps:
    """`ports.Anchor` over HTTP (RFC 3161 §3.4)."""

    kind = AnchorKind.TSA

    def __init__(self, settings: TsaSettings, http: GuardedHttp) -> None:
        self.name = settings.name
        self._url = settings.url
        self._http = http
        self._trusted = x509.load_pem_x509_certificates(settings.certificates)

    def vouch(self, asked: Asked) -> Vouched:
        """Ask for a token over the checkpoint's text, and verify it before it is believed.

        Raises:
            AnchorError: see `docs/errors.md`, "Anchors".
        """
        text = asked.checkpoint.text.encode()
        request = TimestampRequestBuilder().data(text).hash_algorithm(HashAlgorithm.SHA256).build()
        answer = ask(self._http, "POST", self._url, request.as_bytes(), dict(_QUERY))
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        if answer.status != _OK or kind != _REPLY or len(answer.body) > TOKEN_BYTES_MAX:
            raise AnchorError(
                f"it answered {answer.status} and no time-stamp reply", code="anchor_answer"
            )
        verify_token(answer.body, text, self._trusted, request)
        return Vouched(token=answer.body)


def verify_token(
    token: bytes,
    text: bytes,
    trusted: list[x509.Certificate],
    request: TimeStampRequest | None = None,
) -> None:
    """Whether this response is one over the text, by an authority that one of these vouches for.

    With `request` its nonce must come back too.

    Raises:
        AnchorError: `anchor_answer`: no response; `tsa_refused`: it gives no token;
            `tsa_not_verified`: another imprint or nonce, no certificate chain to a trusted one, or
            a signer whose one critical extended key usage is not timeStamping.
    """
    try:
        response = decode_timestamp_response(token)
        granted = response.status == PKIStatus.GRANTED
    except ValueError as fault:
        raise AnchorError("its answer is no time-stamp response", code="anchor_answer") from fault
    if not granted:
        raise AnchorError("it gives no token", code="tsa_refused")
    nonce = None if request is None else request.nonce
    builder = VerifierBuilder(roots=trusted, nonce=nonce)
    try:
        builder.build().verify(response, sha256(text).digest())
        _is_sha256(response)
    except (VerificationError, ValueError) as fault:
        raise AnchorError(
            f"its token does not hold: {fault}",
            code="tsa_not_verified",
            next_step="look whether `certificates` are the authority's own",
        ) from fault


def _is_sha256(response: TimeStampResponse) -> None:
    """Nobody could verify an imprint of the same bytes under another name."""
    if response.tst_info.message_imprint.hash_algorithm != _SHA256:
        raise VerificationError("an imprint that is not SHA-256")


def reader_of(certificates: Sequence[bytes]) -> ReadToken:
    """What reads a token over a text against certificates (PEM): who made it, and when.

    Raises:
        ValueError: these are no certificates.
    """
    trusted = [one for pem in certificates for one in x509.load_pem_x509_certificates(pem)]

    def read(token: bytes, text: bytes) -> tuple[str, datetime]:
        try:
            verify_token(token, text, trusted)
        except AnchorError as fault:
            raise EvidenceError(fault.reason) from fault
        return "a time-stamp authority", decode_timestamp_response(token).tst_info.gen_time

    return read
