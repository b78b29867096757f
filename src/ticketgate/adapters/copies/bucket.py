"""Copies in an S3-compatible bucket with object lock: nobody can delete them for `lock_days`.

Needs the extra `aws`; this module is imported only where a bucket is configured. boto3 forms and
signs the requests; they go out through the guarded client like everything else.
"""

import base64
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any, Final

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ticketgate.adapters.anchors.anchor_http import asked as ask
from ticketgate.adapters.net.http import GuardedHttp
from ticketgate.domain.log.anchor import AnchorError
from ticketgate.domain.log.note import NOTE_BYTES_MAX
from ticketgate.domain.settings import BucketSettings
from ticketgate.ports import Asked

CLOCKS_APART: Final = timedelta(minutes=15)  # as far as signed requests are taken at all
_EXISTS: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
_DENIED: Final = frozenset(
    {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "403", "NoSuchBucket"}
)


class _Raw(BytesIO):
    """A body that was read, as botocore reads one."""

    def stream(self, amt: int = 65_536, **_: object) -> Iterator[bytes]:
        while chunk := self.read(amt):
            yield chunk


class BucketPlace:
    """`copies.Place`. Each object is put once, locked, and read back with its lock."""

    def __init__(self, settings: BucketSettings, http: GuardedHttp) -> None:
        self._bucket = settings.bucket
        self._prefix = f"{settings.prefix}/" if settings.prefix else ""
        self._lock = timedelta(days=settings.lock_days)
        self._http = http
        # What the environment or a file in the home says of AWS is not asked: all is given here.
        session = boto3.session.Session(
            aws_access_key_id=settings.access_key,
            aws_secret_access_key=settings.secret_key,
            region_name=settings.region,
        )
        self._s3 = session.client(
            "s3",
            endpoint_url=settings.endpoint,
            config=Config(
                retries={"total_max_attempts": 1},
                ignore_configured_endpoint_urls=True,
                s3={"addressing_style": "path" if settings.endpoint else "auto"},
            ),
        )
        self._s3.meta.events.register("before-send.s3", self._send)

    def put_once(self, name: str, data: bytes, asked: Asked) -> bytes:
        """See the protocol."""
        key = self._prefix + name
        until = asked.now + self._lock
        try:
            version = self._put(key, data, until)
            return self._read(key, version, until if version else asked.now)
        except ClientError as fault:
            raise _told(fault) from None  # the library's text may quote a header
        except BotoCoreError as fault:
            raise AnchorError(
                f"the request cannot be formed: {type(fault).__name__}", code="copy_failed"
            ) from None

    def _put(self, key: str, data: bytes, until: datetime) -> str | None:
        """The version that was put; None where there is something of that name."""
        digest = base64.b64encode(sha256(data).digest()).decode()
        try:
            answer = self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=data,
                ContentType="application/octet-stream",
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=digest,
                IfNoneMatch="*",
                ObjectLockMode="COMPLIANCE",
                ObjectLockRetainUntilDate=until,
            )
        except ClientError as fault:
            if _code(fault) in _EXISTS:
                return None
            raise
        return str(answer.get("VersionId") or "")

    def _read(self, key: str, version: str | None, until: datetime) -> bytes:
        """What stands there, which must be locked until then."""
        which = {"VersionId": version} if version else {}
        found = self._s3.get_object(Bucket=self._bucket, Key=key, **which)
        data: bytes = found["Body"].read(NOTE_BYTES_MAX + 1)
        locked_until = found.get("ObjectLockRetainUntilDate")
        locked = found.get("ObjectLockMode") == "COMPLIANCE"
        if not locked or locked_until is None or locked_until < until - CLOCKS_APART:
            raise AnchorError(
                "the object is there and can be deleted: it reads back without its lock",
                code="copy_not_locked",
                next_step="switch object lock on for the bucket, and let us read retention",
            )
        return data

    def _send(self, request: Any, **_: object) -> AWSResponse:  # noqa: ANN401 -- botocore's own
        """The hook of botocore: what it would send goes out through the guarded client."""
        body = request.body.read() if hasattr(request.body, "read") else request.body
        headers = {name: _text(value) for name, value in request.headers.items()}
        answer = ask(self._http, request.method, request.url, body or b"", headers)
        return AWSResponse(request.url, answer.status, dict(answer.headers), _Raw(answer.body))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _code(fault: ClientError) -> str:
    return str(fault.response.get("Error", {}).get("Code", ""))


def _told(fault: ClientError) -> AnchorError:
    code = _code(fault)
    if code in _DENIED:
        return AnchorError(
            f"the bucket refuses us: {code}",
            code="copy_denied",
            next_step="let this key put, read and lock objects there; look at bucket and region",
        )
    return AnchorError(f"the bucket does not take the copy: {code}", code="copy_failed")
