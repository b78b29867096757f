"""Time stamps: a token is kept only when it holds, for this text, by whom we trust."""

import subprocess
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.adapters.anchored_log import Log, code_of
from tests.adapters.http_peer import peer
from tests.adapters.tsa_server import REPLY, STAMPS, Authority, stamping

from ticketgate.adapters.anchors.anchor_http import way_out
from ticketgate.adapters.anchors.timestamps import TOKEN_BYTES_MAX, TimeStamps, verify_token
from ticketgate.domain.log.anchor import AnchorError, AnchorKind
from ticketgate.domain.settings import TsaSettings

LOG: Final = Log(5)
TEXT: Final = LOG.checkpoint().text.encode()
LOG_DIGEST: Final = sha256(TEXT).digest()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "authority")


def client(url: str, authority: Authority) -> TimeStamps:
    return TimeStamps(TsaSettings("t1", url, authority.root), way_out(""))


def token_of(authority: Authority) -> bytes:
    with stamping(authority.reply) as url:
        token = client(url, authority).vouch(LOG.asked()).token
    assert token
    return token


def trusted(authority: Authority) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(authority.root)


def test_a_token_that_holds_is_what_comes_back(authority: Authority) -> None:
    with stamping(authority.reply) as url:
        one = client(url, authority)
        vouched = one.vouch(LOG.asked())
    assert (one.kind, one.name) == (AnchorKind.TSA, "t1")
    assert vouched.token is not None
    assert vouched.lines == ()
    verify_token(vouched.token, TEXT, trusted(authority))


def test_openssl_verifies_the_same_token_as_an_auditor_would(authority: Authority) -> None:
    (authority.folder / "kept.tsr").write_bytes(token_of(authority))
    (authority.folder / "checkpoint.txt").write_bytes(TEXT)
    authority.openssl(
        *("ts", "-verify", "-data", "checkpoint.txt", "-in", "kept.tsr", "-CAfile", "ca.pem")
    )
    (authority.folder / "checkpoint.txt").write_bytes(TEXT + b"x")
    with pytest.raises(subprocess.CalledProcessError):
        authority.openssl(
            *("ts", "-verify", "-data", "checkpoint.txt", "-in", "kept.tsr", "-CAfile", "ca.pem")
        )


def test_a_token_over_another_text_is_refused(authority: Authority) -> None:
    with stamping(lambda query: authority.reply(query.replace(LOG_DIGEST, b"x" * 32))) as url:
        assert code_of(client(url, authority), LOG.asked()) == "tsa_not_verified"
    with pytest.raises(AnchorError, match="does not hold"):
        verify_token(token_of(authority), TEXT + b"x", trusted(authority))


def test_another_nonce_is_refused(authority: Authority) -> None:
    def other_nonce(query: bytes) -> bytes:
        """The nonce stands before `certReq TRUE`, which takes three bytes."""
        return query[:-4] + bytes([query[-4] ^ 1]) + query[-3:]

    with stamping(lambda query: authority.reply(other_nonce(query))) as url:
        one = client(url, authority)
        with pytest.raises(AnchorError, match="Nonce") as told:
            one.vouch(LOG.asked())
    assert told.value.code == "tsa_not_verified"


def test_a_token_of_another_authority_is_refused(authority: Authority, tmp_path: Path) -> None:
    """Also where it bears the same names."""
    other = Authority(tmp_path / "authority")
    with stamping(other.reply) as url:
        assert code_of(client(url, authority), LOG.asked()) == "tsa_not_verified"


@pytest.mark.parametrize(
    "usage",
    [
        (),
        ("extendedKeyUsage=timeStamping",),
        ("extendedKeyUsage=critical,codeSigning",),
        ("extendedKeyUsage=critical,timeStamping,codeSigning",),
    ],
)
def test_a_signer_that_is_not_for_time_stamping_alone_is_refused(
    authority: Authority, usage: tuple[str, ...]
) -> None:
    authority.signer("wrong", *usage)
    with stamping(lambda query: authority.signed_by("wrong", query)) as url:
        assert code_of(client(url, authority), LOG.asked()) == "tsa_not_verified"


def test_the_same_token_by_a_right_signer_holds(authority: Authority) -> None:
    """So that the test above fails for the usage and for nothing else."""
    authority.signer("right", STAMPS)
    with stamping(lambda query: authority.signed_by("right", query)) as url:
        assert client(url, authority).vouch(LOG.asked()).token


def test_an_imprint_under_the_name_of_another_digest_is_refused(authority: Authority) -> None:
    """The same 32 bytes, called SHA3-256: no tool could verify that."""
    sha256_oid, sha3_oid = (bytes.fromhex(f"06096086480165030402{last}") for last in ("01", "08"))

    def renamed(query: bytes) -> bytes:
        assert sha256_oid in query
        return query.replace(sha256_oid, sha3_oid)

    with stamping(lambda query: authority.reply(renamed(query))) as url:
        one = client(url, authority)
        with pytest.raises(AnchorError, match="not SHA-256") as told:
            one.vouch(LOG.asked())
    assert told.value.code == "tsa_not_verified"


def test_an_authority_that_gives_no_token_is_told_apart(authority: Authority) -> None:
    rejection = bytes.fromhex("30053003020102")
    with stamping(lambda _: rejection) as url:
        assert code_of(client(url, authority), LOG.asked()) == "tsa_refused"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (b"garbage", REPLY),
        (b"", REPLY),
        (b"0" * (TOKEN_BYTES_MAX + 1), REPLY),
        (bytes.fromhex("30053003020100"), "text/html"),
    ],
    ids=["garbage", "empty", "large", "html"],
)
def test_an_answer_that_is_no_time_stamp_is_refused(
    authority: Authority, reply: bytes, kind: str
) -> None:
    with stamping(lambda _: reply, kind) as url:
        assert code_of(client(url, authority), LOG.asked()) == "anchor_answer"


def test_a_query_that_is_echoed_is_no_time_stamp(authority: Authority) -> None:
    with stamping(lambda query: query) as url:
        assert code_of(client(url, authority), LOG.asked()) == "anchor_answer"


def test_an_authority_that_is_out_of_order_is_unreachable(authority: Authority) -> None:
    with peer(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n") as one:
        assert code_of(client(one.url, authority), LOG.asked()) == "anchor_unreachable"


@pytest.fixture(scope="module")
def token(authority: Authority) -> bytes:
    return token_of(authority)


@settings(max_examples=200)
@given(data=st.data())
def test_a_token_that_was_changed_anywhere_raises_only_errors_of_ours(
    authority: Authority, token: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(token) - 1))
    flip = data.draw(st.integers(1, 255))
    changed = token[:at] + bytes([token[at] ^ flip]) + token[at + 1 :]
    with suppress(AnchorError):
        verify_token(changed, TEXT, trusted(authority))
