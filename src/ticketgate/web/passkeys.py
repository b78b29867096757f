"""`/console/passkeys`: enrol a passkey, vouch for those of others, revoke; and signing decisions.

Making and using a passkey needs the first-party script in `static/passkey.js`; what the browser
gives it, it posts in a form, like everything else here.
"""

import json
from collections.abc import Mapping
from typing import Final

import flask
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from ticketgate.domain.errors import EvidenceError, Refusal
from ticketgate.domain.people.passkey import APPROVAL, VOUCHING, challenge_of, decode, encode
from ticketgate.domain.people.passkey_row import Ceremony, Passkey
from ticketgate.operations.deciding.link_view import LinkView
from ticketgate.operations.deciding.sign_decision import Signed, Wanted
from ticketgate.operations.desks.desk import Desk, Session
from ticketgate.operations.desks.passkey_desk import PasskeyDesk
from ticketgate.operations.own_keys.passkeys import Made, invalid
from ticketgate.operations.own_keys.sign_vouching import NEEDED
from ticketgate.web.lane import NOT_SIGNED_IN, to_sign_in
from ticketgate.web.replies import refused
from ticketgate.web.security import with_script
from ticketgate.web.sign_in import signed_in

PARTS: Final = ("authenticator_data", "client_data", "signature")
_MILLISECONDS: Final = 240_000  # below the life of a ceremony


def _creation(ceremony: Ceremony, person: Session, have: tuple[Passkey, ...]) -> str:
    """`PublicKeyCredentialCreationOptions` (WebAuthn level 2, §5.4); bytes as base64."""
    payload = ceremony.payload
    return json.dumps(
        {
            "challenge": encode(challenge_of(payload)),
            "rp": {"id": payload["rp_id"], "name": "ticketgate"},
            "user": {
                "id": encode(str(payload["approver"]).encode()),
                "name": person.name,
                "displayName": person.name,
            },
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
            "excludeCredentials": [
                {"type": "public-key", "id": encode(one.credential)} for one in have
            ],
            "authenticatorSelection": {
                "userVerification": "required",
                "residentKey": "preferred",
            },
            "attestation": "none",
            "timeout": _MILLISECONDS,
        }
    )


def request_options(ceremony: Ceremony, passkey: Passkey) -> str:
    """`PublicKeyCredentialRequestOptions` (§5.5); bytes as base64."""
    return json.dumps(
        {
            "challenge": encode(challenge_of(ceremony.payload)),
            "rpId": ceremony.payload["rp_id"],
            "allowCredentials": [{"type": "public-key", "id": encode(passkey.credential)}],
            "userVerification": "required",
            "timeout": _MILLISECONDS,
        }
    )


def bytes_of(form: Mapping[str, str], names: tuple[str, ...]) -> dict[str, bytes] | Refusal:
    """What the script has put into these fields."""
    try:
        return {name: decode(form.get(name, "")) for name in names}
    except EvidenceError as fault:
        return invalid(fault)


def _signed(passkeys: PasskeyDesk, person: Session, purpose: str) -> Signed | Refusal | None:
    """What the form carries of a passkey; None where nothing."""
    form = flask.request.form
    if not any(form.get(name) for name in PARTS):
        return None
    found = bytes_of(form, PARTS)
    return found if isinstance(found, Refusal) else passkeys.signed(person, found, purpose)


def _back(answer: object) -> ResponseReturnValue:
    """To the list, or the refusal."""
    if isinstance(answer, Refusal):
        return refused(answer, back=flask.url_for("passkeys"))
    return flask.redirect(flask.url_for("passkeys"), 303)


class PasskeysPage(MethodView):
    """The list, and what can be done with each."""

    init_every_request = False

    def __init__(self, desk: Desk, passkeys: PasskeyDesk) -> None:
        self._desk = desk
        self._passkeys = passkeys

    def get(self) -> ResponseReturnValue:
        """One's own, and those to vouch for."""
        person = signed_in(self._desk)
        if person is None:
            return to_sign_in(flask.url_for("passkeys"))
        return self._page(person)

    def post(self) -> ResponseReturnValue:
        """`do` says what: begin, finish, vouch, revoke; 303 to the list."""
        person = signed_in(self._desk)
        if person is None:
            return refused(NOT_SIGNED_IN)
        form = flask.request.form
        answer: object
        match form.get("do", ""):
            case "begin":
                return self._begin(person)
            case "finish":
                found = bytes_of(form, ("client_data", "attestation"))
                answer = (
                    found
                    if isinstance(found, Refusal)
                    else self._passkeys.finish(
                        person, Made(found["client_data"], found["attestation"])
                    )
                )
            case "vouch":
                return self._vouch(person, form.get("id", ""), form.get("key", ""))
            case "revoke":
                answer = self._passkeys.revoke(person, form.get("id", ""))
            case _:
                answer = Refusal("what", "Nothing of that name can be done here.")
        return _back(answer)

    def _vouch(self, person: Session, ident: str, key: str) -> ResponseReturnValue:
        """Vouch; who has a passkey of their own is asked to sign first."""
        signed = _signed(self._passkeys, person, VOUCHING)
        if isinstance(signed, Refusal):
            return _back(signed)
        answer = self._passkeys.vouch(person, ident, key, signed)
        if not isinstance(answer, Refusal) or answer.code != NEEDED.code:
            return _back(answer)
        prepared = self._passkeys.prepare_vouching(person, ident, key)
        if isinstance(prepared, Refusal):
            return _back(prepared)
        view = self._passkeys.view(person.subject)
        if isinstance(view, Refusal):
            return refused(view)
        whose = next((one.person for one in view.waiting if one.passkey.id == ident), "")
        with_script()
        options = request_options(*prepared)
        return flask.render_template(
            "passkey_vouch.html", ident=ident, key=key, options=options, whose=whose
        )

    def _page(self, person: Session, ceremony: Ceremony | None = None) -> ResponseReturnValue:
        view = self._passkeys.view(person.subject)
        if isinstance(view, Refusal):
            return refused(view)
        options = ""
        if ceremony is not None:
            with_script()
            options = _creation(ceremony, person, view.mine)
        return flask.render_template("passkeys.html", view=view, options=options)

    def _begin(self, person: Session) -> ResponseReturnValue:
        ceremony = self._passkeys.begin(person)
        if isinstance(ceremony, Refusal):
            return refused(ceremony, back=flask.url_for("passkeys"))
        return self._page(person, ceremony)


class Signing:
    """What the page of a link needs where the approver's own key must sign."""

    def __init__(self, passkeys: PasskeyDesk) -> None:
        self._passkeys = passkeys

    def signed(self, person: Session) -> Signed | Refusal | None:
        """What the form carries of a passkey; None where nothing."""
        return _signed(self._passkeys, person, APPROVAL)

    def ask(
        self, link: str, person: Session, view: LinkView, wanted: Wanted
    ) -> ResponseReturnValue:
        """The page on which the browser asks for the passkey."""
        chosen = flask.request.form.get("passkey", "")
        prepared = self._passkeys.prepare(link, person, wanted, chosen)
        if isinstance(prepared, Refusal):
            return refused(prepared, link=link, typed=wanted.justification)
        with_script()
        ceremony, (passkey, *others) = prepared
        options = request_options(ceremony, passkey)
        return flask.render_template(
            "passkey_sign.html",
            link=link,
            view=view,
            wanted=wanted,
            options=options,
            passkey=passkey,
            others=others,
        )


def add_passkeys(app: flask.Flask, desk: Desk, passkeys: PasskeyDesk) -> None:
    """Add the page of this module to `app`."""
    page = PasskeysPage.as_view("passkeys", desk, passkeys)
    app.add_url_rule("/console/passkeys", view_func=page)
