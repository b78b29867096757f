"""`passkeys` of the settings: by what people vouch for the passkeys of others."""

from ticketgate.adapters.files.places import Place
from ticketgate.adapters.keys.passkey_site import site_of
from ticketgate.domain.people.passkey_row import VouchBy


def read_passkeys(place: Place | None, public_url: str) -> VouchBy:
    """By their own passkey alone where it says so; else a sign-in does for who never had one.

    The former is refused where no browser makes a passkey: nobody could ever vouch.
    """
    section = None if place is None else place.section()
    if section is None:
        return VouchBy.BOOTSTRAP
    word = section.need("vouching")
    found = None if word is None else word.choice([one.value for one in VouchBy])
    section.close()
    vouch_by = VouchBy(found or VouchBy.PASSKEY)
    alone = vouch_by is VouchBy.PASSKEY
    if word is not None and alone and public_url and site_of(public_url) is None:
        word.fault("nobody could vouch: browsers make passkeys for https with a name alone")
    return vouch_by
