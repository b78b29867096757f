"""Copies: put once, whole, read back; another content of the same name is never written over."""

import stat
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer
from tests.adapters.anchored_log import AT, NOW, Log, code_of
from tests.adapters.http_peer import peer
from tests.domain.signing import witness

from ticketgate.adapters.anchors.anchor_http import way_out
from ticketgate.adapters.copies.bucket import BucketPlace
from ticketgate.adapters.copies.copies import Copies, FolderPlace
from ticketgate.adapters.thread_ban import OutwardCallError, forbid_outward_calls
from ticketgate.domain.log.anchor import AnchorKind
from ticketgate.domain.settings import BucketSettings, FolderSettings
from ticketgate.ports import Vouched

LOG: Final = Log(5)
SLUG: Final = "gate.example.com_evidence"
LINE: Final = witness("w.example").cosign(LOG.checkpoint().text, AT)
SECRET: Final = "a-secret-that-no-message-may-hold"


def copies(folder: Path) -> Copies:
    return Copies("worm", FolderPlace(FolderSettings("worm", str(folder))))


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# --- a folder -------------------------------------------------------------------------------------


def test_a_folder_gets_the_note_and_the_token_and_nothing_else(tmp_path: Path) -> None:
    one = copies(tmp_path)
    assert (one.kind, one.name) == (AnchorKind.COPY, "worm")
    assert one.vouch(LOG.asked(None, LINE, token=b"token")) == Vouched()
    place = f"{SLUG}/checkpoints/5"
    assert files(tmp_path) == {place: LOG.note(None, LINE), f"{place}.tsr": b"token"}
    assert stat.S_IMODE((tmp_path / place).stat().st_mode) == 0o444


def test_a_copy_that_is_there_already_is_one(tmp_path: Path) -> None:
    """The gateway ended before it was noted; in between a witness may have cosigned as well."""
    copies(tmp_path).vouch(LOG.asked())
    copies(tmp_path).vouch(LOG.asked())
    copies(tmp_path).vouch(LOG.asked(None, LINE, token=b"token"))
    assert files(tmp_path)[f"{SLUG}/checkpoints/5"] == LOG.note()


@pytest.mark.parametrize(
    "there", [Log(5, "other").note(), LOG.note(None, LINE), b"no note", b""], ids=range(4)
)
def test_another_content_of_the_same_name_is_never_written_over(
    tmp_path: Path, there: bytes
) -> None:
    """Not even with signatures that ours has not: somebody else wrote it."""
    path = tmp_path / SLUG / "checkpoints" / "5"
    path.parent.mkdir(parents=True)
    path.write_bytes(there)
    assert code_of(copies(tmp_path), LOG.asked()) == "copy_conflict"
    assert files(tmp_path) == {f"{SLUG}/checkpoints/5": there}


def test_another_token_of_the_same_name_is_a_conflict_too(tmp_path: Path) -> None:
    copies(tmp_path).vouch(LOG.asked(token=b"token"))
    assert code_of(copies(tmp_path), LOG.asked(token=b"other")) == "copy_conflict"
    assert files(tmp_path)[f"{SLUG}/checkpoints/5.tsr"] == b"token"


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert code_of(copies(tmp_path / "mnt" / "worm"), LOG.asked()) == "anchor_unreachable"
    assert list(tmp_path.iterdir()) == []


def test_what_a_crash_left_behind_is_in_nobodys_way(tmp_path: Path) -> None:
    left = tmp_path / SLUG / "checkpoints" / ".5.new"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    copies(tmp_path).vouch(LOG.asked())
    assert files(tmp_path) == {f"{SLUG}/checkpoints/5": LOG.note()}


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / SLUG).write_text("a file where a folder should be")
    assert code_of(copies(tmp_path), LOG.asked()) == "copy_failed"


def test_an_origin_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "worm"
    folder.mkdir()
    copies(folder).vouch(Log(5, origin="../../evil").asked())
    assert list(files(tmp_path)) == ["worm/_._.._evil/checkpoints/5"]


def test_no_copy_is_made_on_the_writers_thread(tmp_path: Path) -> None:
    raised: list[BaseException] = []

    def writer() -> None:
        forbid_outward_calls()
        try:
            copies(tmp_path).vouch(LOG.asked())
        except OutwardCallError as fault:
            raised.append(fault)

    thread = threading.Thread(target=writer)
    thread.start()
    thread.join()
    assert len(raised) == 1


# --- a bucket -------------------------------------------------------------------------------------


class Bucket:
    """A bucket at moto's server, and the settings that lead to it."""

    def __init__(self, endpoint: str, name: str, *, locked: bool = True) -> None:
        self.endpoint, self.name = endpoint, name
        self.s3: Any = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="eu-central-1",
            aws_access_key_id="x",
            aws_secret_access_key="y",
            config=Config(s3={"addressing_style": "path"}),
        )
        place = {"LocationConstraint": "eu-central-1"}
        self.s3.create_bucket(
            Bucket=name, CreateBucketConfiguration=place, ObjectLockEnabledForBucket=locked
        )

    def copies(self, **other: Any) -> Copies:  # noqa: ANN401 -- of any field
        plain: dict[str, Any] = {
            "name": "vault",
            "bucket": self.name,
            "prefix": "gate/prod",
            "region": "eu-central-1",
            "access_key": "AKIAEXAMPLE",
            "secret_key": SECRET,
            "lock_days": 365,
            "endpoint": self.endpoint,
        }
        return Copies("vault", BucketPlace(BucketSettings(**{**plain, **other}), way_out("")))

    def objects(self) -> dict[str, bytes]:
        found = self.s3.list_objects_v2(Bucket=self.name).get("Contents", [])
        names = [one["Key"] for one in found]
        return {
            name: self.s3.get_object(Bucket=self.name, Key=name)["Body"].read() for name in names
        }

    def versions(self, key: str) -> list[Any]:
        found = self.s3.list_object_versions(Bucket=self.name, Prefix=key)
        return [one for one in found["Versions"] if one["Key"] == key]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


KEY: Final = f"gate/prod/{SLUG}/checkpoints/5"


def test_a_bucket_gets_the_note_and_the_token_under_lock(endpoint: str) -> None:
    bucket = Bucket(endpoint, "plain")
    bucket.copies().vouch(LOG.asked(None, LINE, token=b"token"))
    assert bucket.objects() == {KEY: LOG.note(None, LINE), f"{KEY}.tsr": b"token"}
    for name in (KEY, f"{KEY}.tsr"):
        head = bucket.s3.head_object(Bucket="plain", Key=name)
        assert head["ObjectLockMode"] == "COMPLIANCE"
        assert head["ObjectLockRetainUntilDate"] == NOW + timedelta(days=365)


def test_what_is_locked_can_neither_be_deleted_nor_unlocked(endpoint: str) -> None:
    bucket = Bucket(endpoint, "locked")
    bucket.copies().vouch(LOG.asked())
    (version,) = bucket.versions(KEY)
    with pytest.raises(ClientError, match="AccessDenied"):
        bucket.s3.delete_object(Bucket="locked", Key=KEY, VersionId=version["VersionId"])
    assert bucket.objects() == {KEY: LOG.note()}


def test_an_object_is_put_once(endpoint: str) -> None:
    bucket = Bucket(endpoint, "once")
    for lines in ((), (), (LINE,)):
        bucket.copies().vouch(LOG.asked(None, *lines))
    assert len(bucket.versions(KEY)) == 1
    other = Log(5, "other")
    assert code_of(bucket.copies(), other.asked()) == "copy_conflict"
    assert len(bucket.versions(KEY)) == 1
    assert bucket.objects() == {KEY: LOG.note()}


def test_without_a_prefix_it_lies_at_the_top(endpoint: str) -> None:
    bucket = Bucket(endpoint, "top")
    bucket.copies(prefix="").vouch(LOG.asked())
    assert list(bucket.objects()) == [f"{SLUG}/checkpoints/5"]


def test_an_object_that_somebody_put_there_without_a_lock_is_no_anchor(endpoint: str) -> None:
    bucket = Bucket(endpoint, "unlocked")
    bucket.s3.put_object(Bucket="unlocked", Key=KEY, Body=LOG.note())
    assert code_of(bucket.copies(), LOG.asked()) == "copy_not_locked"


def test_a_bucket_that_is_not_there_or_knows_no_lock_is_told(endpoint: str) -> None:
    Bucket(endpoint, "lockless", locked=False)
    bucket = Bucket(endpoint, "present")
    assert code_of(bucket.copies(bucket="absent"), LOG.asked()) == "copy_denied"
    assert code_of(bucket.copies(bucket="lockless"), LOG.asked()) == "copy_failed"
    assert code_of(bucket.copies(bucket="no bucket"), LOG.asked()) == "copy_failed"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n", "anchor_unreachable"),
        (b"HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n", "copy_denied"),
        (b"HTTP/1.1 501 X\r\nContent-Length: 0\r\n\r\n", "copy_failed"),
        (b"HTTP/1.1 400 X\r\nContent-Length: 3\r\n\r\n<x>", "copy_failed"),
    ],
    ids=["busy", "denied", "unknown", "garbage"],
)
def test_a_service_that_answers_otherwise_is_told_by_a_code(
    endpoint: str, answer: bytes, code: str
) -> None:
    bucket = Bucket(endpoint, f"other-{code.replace('_', '-')}-{len(answer)}")
    with peer(answer) as one:
        assert code_of(bucket.copies(endpoint=one.url.rstrip("/")), LOG.asked()) == code
    assert len(one.asked) == 1
    assert b"AWS4-HMAC-SHA256" in one.asked[0]
    assert b"if-none-match: *" in one.asked[0].lower()
    assert SECRET.encode() not in one.asked[0]


def test_a_bucket_in_an_inner_network_must_be_allowed(endpoint: str) -> None:
    bucket = Bucket(endpoint, "inner")
    refused = bucket.copies(endpoint="https://10.0.0.1")
    assert code_of(refused, LOG.asked()) == "anchor_address"


def test_what_the_environment_says_of_aws_is_not_asked(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = Bucket(endpoint, "environment")
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    bucket.copies().vouch(LOG.asked())
    assert list(bucket.objects()) == [KEY]
