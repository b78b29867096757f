"""The provider's desk: what the pages of sign-in by an identity provider call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from hmac import digest as mac
from threading import BoundedSemaphore
from typing import Final, TypeVar

from ticketgate.domain.errors import Refusal, TicketgateError
from ticketgate.domain.instants import from_text, to_text
from ticketgate.domain.people.id_token import (
    ASK_LIFE,
    Client,
    IdToken,
    nonce_of,
    not_stepped_up,
    read_id_token,
    read_logout,
)
from ticketgate.domain.people.naming import name_of
from ticketgate.domain.people.sign_in import StepUp
from ticketgate.domain.settings import ProviderSettings
from ticketgate.operations.desks.desk import Session
from ticketgate.operations.people.provider_sign_in import (
    Proved,
    end_by_provider,
    record_refused,
    sign_in_by_provider,
    step_up_by_provider,
)
from ticketgate.operations.people.sign_in import secret_hash
from ticketgate.ports import Asking, Clock, Directory, IdentityProvider, Ids, Signed, Store

CALLS_MAX: Final = 4  # at the provider at a time; more than that are asked to try again
CODE_CHARS_MAX: Final = 4096
STATE: Final = Refusal(
    "sign_in_state",
    "This is no way back from the identity provider that this browser asked for.",
    "Sign in again, in one browser and within ten minutes.",
)
_BUSY: Final = Refusal(
    "provider_unavailable", "Too many people sign in at this moment.", "Try again in a minute."
)
_ERRORS: Final[Mapping[str, str]] = {
    "access_denied": "The sign-in was not allowed, or was cancelled, at the identity provider.",
    "login_required": "The identity provider did not let you sign in.",
    "unmet_authentication_requirements": "The identity provider has no second factor of yours.",
    "temporarily_unavailable": "The identity provider is busy.",
}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ask:
    """What a browser keeps, in its signed cookie, until it comes back.

    `shown` is empty, or the digest that a step-up is for; `onward` is the page to go on to.
    """

    state: str
    at: str
    onward: str
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Back:
    """What the browser brings back: a code, or the provider's word for what went wrong."""

    code: str
    error: str
    issuer: str | None


class ProviderDesk:
    """Sign-in at the identity provider. Every method may be called from several threads at once."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        clock: Clock,
        ids: Ids,
        provider: IdentityProvider,
        settings: ProviderSettings,
        key: bytes,
    ) -> None:
        """`key` makes the secrets of an ask out of its state.

        So nothing is stored before somebody has signed in.
        """
        self._store = store
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self._provider = provider
        self._client = Client(settings.issuer, settings.client_id)
        self._accounts = settings.accounts
        self._classes, self._step_up_age = settings.step_up, settings.step_up_age
        self._key = key
        self._calls = BoundedSemaphore(CALLS_MAX)

    @property
    def steps_up(self) -> bool:
        """Whether a step-up can be asked for."""
        return bool(self._classes)

    def ask(self, onward: str, *, shown: str = "") -> tuple[Ask, str] | Refusal:
        """What the browser keeps, and where it goes. Refusal: `provider_unavailable`."""
        now = self._clock.now()
        ask = Ask(self._ids.token(), to_text(now), onward, shown)
        asking = Asking(ask.state, self._nonce(ask), self._secret("verifier", ask), bool(shown))
        address = self._called(lambda: self._provider.address(asking, now))
        return address if isinstance(address, Refusal) else (ask, address)

    def sign_in(self, ask: Ask, back: Back) -> Session | Refusal:
        """Open a session for whoever signed in there.

        `ask` is what this browser kept for the state that came back. Refusals: `sign_in_state`,
        `provider_refused`, `provider_unavailable`, `token_refused`, `account_unknown`,
        `approver_inactive`.
        """
        proved = self._proved(ask, back)
        if isinstance(proved, Refusal):
            return proved
        ident = self._ids.token()
        signing = partial(sign_in_by_provider, proved=proved, session_hash=secret_hash(ident))
        row = self._store.write(signing)
        if isinstance(row, Refusal):
            return row
        name = name_of(row.subject, proved.snapshot)
        return Session(ident, row.subject, name, row.method, row.signed_in_at, row.expires_at)

    def step_up(self, ask: Ask, back: Back, session: Session) -> StepUp | Refusal:
        """Keep that the person of `session` signed in afresh for what `ask` says was shown.

        Refusals: those of `sign_in`; `step_up_refused`.
        """
        now = self._clock.now()
        proved = self._proved(ask, back)
        if isinstance(proved, Refusal):
            return proved
        token, asked_at = proved.token, from_text(ask.at)
        refusal = not_stepped_up(
            token,
            asked_at=asked_at,
            accepted=self._classes,
            max_age=self._step_up_age,
            now=self._clock.now(),
        )
        if refusal is not None or token.auth_time is None:
            self._store.write(
                partial(record_refused, code="step_up_refused", subject=session.subject)
            )
            return refusal or STATE
        step_up = StepUp(
            id_hash=secret_hash(session.id),
            subject=session.subject,
            shown=ask.shown,
            at=now,
            until=token.auth_time + self._step_up_age,
            auth_time=token.auth_time,
            acr=token.acr,
            salt=self._secret("salt", ask)[:32],
            token=token.raw,
        )
        return self._store.write(partial(step_up_by_provider, proved=proved, step_up=step_up))

    def stepped_up(self, session: Session, shown: str) -> bool:
        """Whether this session has a step-up for this, which still counts."""
        with self._store.reading() as looking:
            found = looking.sign_ins.step_up(secret_hash(session.id), shown)
        return found is not None and self._clock.now() < found.until

    def sign_out(self) -> str | None:
        """Where the browser may end its session at the provider as well; None if nowhere."""
        found = self._called(lambda: self._provider.sign_out(self._clock.now()))
        return None if isinstance(found, Refusal) else found

    def logged_out(self, token: str) -> Refusal | None:
        """End the sessions that the provider says it has ended (back channel).

        Refusals: `logout_token`, `provider_unavailable`, `token_refused`.
        """
        now = self._clock.now()
        signed = self._called(lambda: self._provider.signed(token, now))
        if isinstance(signed, Refusal):
            return signed
        logout = read_logout(signed.claims, self._client, now=now)
        if isinstance(logout, Refusal):
            return logout
        ended = self._store.write(partial(end_by_provider, logout=logout))
        return ended if isinstance(ended, Refusal) else None

    def _called(self, call: Callable[[], T]) -> T | Refusal:
        """One call of the provider; what it raises is a refusal."""
        if not self._calls.acquire(blocking=False):
            return _BUSY
        try:
            return call()
        except TicketgateError as fault:
            return fault.refusal
        finally:
            self._calls.release()

    def _proved(self, ask: Ask, back: Back) -> Proved | Refusal:
        now = self._clock.now()
        if not from_text(ask.at) <= now < from_text(ask.at) + ASK_LIFE:
            return STATE
        if back.error or not 0 < len(back.code) <= CODE_CHARS_MAX:
            return Refusal(
                "provider_refused",
                _ERRORS.get(back.error, "The identity provider did not sign you in."),
                "Try again, or ask whoever runs the identity provider.",
            )
        snapshot = self._directory.read(now)
        verifier = self._secret("verifier", ask)
        signed = self._called(lambda: self._provider.redeem(back.code, verifier, back.issuer, now))
        token = self._read(signed, ask) if isinstance(signed, Signed) else signed
        if isinstance(token, Refusal):
            if token.code == "token_refused":
                self._store.write(partial(record_refused, code=token.code))
            return token
        return Proved(token, ask.state, self._accounts, snapshot)

    def _read(self, signed: Signed, ask: Ask) -> IdToken | Refusal:
        nonce, now = self._nonce(ask), self._clock.now()
        return read_id_token(signed.raw, signed.claims, self._client, nonce=nonce, now=now)

    def _nonce(self, ask: Ask) -> str:
        return nonce_of(self._secret("salt", ask)[:32], ask.shown)

    def _secret(self, what: str, ask: Ask) -> str:
        """A secret of this ask that only the gateway can make, as hex."""
        return mac(self._key, f"oidc-{what}:{ask.state}:{ask.at}".encode(), "sha256").hex()
