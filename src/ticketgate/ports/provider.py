"""The identity provider that people sign in at, and what is kept of such sign-ins."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ticketgate.domain.people.claims import Claimed
from ticketgate.domain.people.id_token import Claims
from ticketgate.domain.people.sign_in import StepUp


@dataclass(frozen=True, slots=True)
class Asking:
    """What a browser takes along to the provider. `fresh`: sign in again, by a second factor."""

    state: str
    nonce: str
    verifier: str
    fresh: bool


@dataclass(frozen=True, slots=True)
class Signed:
    """A token whose signature the provider's published key made, and its claims, unchecked."""

    raw: str
    claims: Claims


class IdentityProvider(Protocol):
    """An OpenID provider. Every method may call it, so none runs inside a transaction."""

    def address(self, asking: Asking, now: datetime) -> str:
        """Where the browser goes.

        Raises:
            TicketgateError: `provider_unavailable`.
        """

    def redeem(self, code: str, verifier: str, issuer: str | None, now: datetime) -> Signed:
        """The token for a code. `issuer` is what came along with the code (RFC 9207), if anything.

        Raises:
            TicketgateError: `provider_unavailable`; `token_refused`.
        """

    def signed(self, token: str, now: datetime) -> Signed:
        """A token that came by another way.

        Raises:
            TicketgateError: `provider_unavailable`; `token_refused`.
        """

    def sign_out(self, now: datetime) -> str | None:
        """Where a browser may end its session there as well; None where that is not offered.

        Raises:
            TicketgateError: `provider_unavailable`.
        """


class ProviderSignIns(Protocol):
    """What is kept of sign-ins at a provider."""

    def spend(self, ident: str, now: datetime, until: datetime) -> bool:
        """Use up `ident`, until it could not count any more; False when it is used up already."""

    def note(self, id_hash: str, subject: str, sub: str, sid: str) -> None:
        """Note which account there, and which session, a session of ours is from."""

    def sessions(self, sub: str, sid: str) -> list[str]:
        """The hashes of the sessions from `sub` and `sid`, as far as each is told."""

    def save_claimed(self, id_hash: str, claimed: Claimed) -> None:
        """Keep what was claimed at a sign-in of this session, in place of what was before."""

    def claimed(self, id_hash: str) -> Claimed | None:
        """What was claimed at the newest sign-in of this session."""

    def save_step_up(self, step_up: StepUp) -> None:
        """Keep a step-up, in place of the one of the same session and `shown`."""

    def step_up(self, id_hash: str, shown: str) -> StepUp | None:
        """The step-up of this session for this `shown`."""

    def drop_step_up(self, id_hash: str, shown: str) -> None:
        """It is used up."""
