"""`sign_in` of the settings: the ways in which people may show who they are."""

import importlib.util
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ticketgate.adapters.files.places import Place, Section
from ticketgate.adapters.files.secret_files import SecretReader
from ticketgate.adapters.net.addresses import are_networks, read_url
from ticketgate.domain.settings import ProviderSettings

STEP_UP_AGE: Final = timedelta(minutes=5)
STEP_UP_AGE_MAX: Final = timedelta(hours=1)
STEP_UP: Final = "oidc_step_up"  # the one level that `acr` says what it takes for
_PACKAGES: Final = ("authlib", "joserfc")


@dataclass(frozen=True, slots=True)
class SignInRead:
    """What is on. `provider_place` is where faults of other files about it are told."""

    mail_code: bool = False
    provider: ProviderSettings | None = None
    accounts: Place | None = None

    @property
    def levels(self) -> frozenset[str]:
        """The levels of assurance that these sign-ins reach."""
        found = {"mail_code"} if self.mail_code else set()
        if self.provider is not None:
            found |= {"oidc", STEP_UP} if self.provider.step_up else {"oidc"}
        return frozenset(found)


NO_SIGN_IN: Final = SignInRead()


def read_sign_in(place: Place | None, secrets: SecretReader) -> SignInRead:
    """Which ways are on; at least one must be, or nobody could approve."""
    section = None if place is None else place.section()
    if place is None or section is None:
        return NO_SIGN_IN
    mail_code, oidc = section.get("mail_code"), section.get("oidc")
    by_mail = None if mail_code is None else mail_code.flag()
    inner = None if oidc is None else oidc.section()
    accounts = None if inner is None else inner.get("accounts")
    provider = None if inner is None else _read_provider(inner, secrets)
    section.close(later=("passkey",))
    if oidc is None and (mail_code is None or by_mail is False):
        place.fault("no way to sign in is on, so nobody could approve; set mail_code: true")
    return SignInRead(bool(by_mail), provider, accounts)


def _read_provider(section: Section, secrets: SecretReader) -> ProviderSettings | None:
    if any(importlib.util.find_spec(package) is None for package in _PACKAGES):
        section.place.fault(
            "an identity provider needs the extra `oidc`, which is not installed: "
            "pip install 'ticketgate[oidc]'"
        )
    issuer = _read_issuer(section.need("issuer"))
    client_id, accounts = section.need("client_id"), section.need("accounts")
    named, system = client_id.text() if client_id else None, accounts.ident() if accounts else None
    secret = secrets.any_text(section.need("client_secret"))
    scopes, age = section.get("scopes"), section.get("max_age_step_up")
    asked = scopes.texts() if scopes else ()
    found = ProviderSettings(
        issuer=issuer or "",
        client_id=named or "",
        client_secret=secret or "",
        accounts=system or "",
        scopes=tuple(one for one in asked or () if one != "openid"),
        step_up=_read_classes(section.get("acr")),
        step_up_age=(age.duration(STEP_UP_AGE_MAX) if age else None) or STEP_UP_AGE,
        allow_networks=_read_networks(section.get("allow_networks")),
    )
    section.close()
    return found if issuer and named and system and secret else None


def _read_issuer(place: Place | None) -> str | None:
    """The issuer, letter for letter: it is compared with what tokens say."""
    url = read_url(place)
    return None if place is None or url is None else place.text()


def _read_classes(place: Place | None) -> tuple[str, ...]:
    section = None if place is None else place.section()
    if section is None:
        return ()
    listed = section.need(STEP_UP)
    found = () if listed is None else listed.texts() or ()
    section.close()
    if any(" " in one for one in found) and listed is not None:
        listed.fault("a class (acr) has no spaces")
    return found


def _read_networks(place: Place | None) -> str:
    text = None if place is None else place.text()
    if place is not None and text is not None and not are_networks(text):
        place.fault(f"{text!r} is not a list of networks, such as 10.0.0.0/8, fd00::/8")
    return text or ""
