"""Signing in: the desk of the identity provider, where the settings name one."""

from ticketgate.adapters.net.http import GuardedHttp, networks
from ticketgate.operations.desks.provider_desk import ProviderDesk
from ticketgate.wiring.gateway import Gateway


def provider_desk(gateway: Gateway) -> ProviderDesk | None:
    """The desk; None where people sign in by mail alone."""
    settings, found = gateway.settings, gateway.settings.provider
    if found is None:
        return None
    from ticketgate.adapters.net.oidc import DEADLINE_SECONDS, OpenIdProvider

    http = GuardedHttp(DEADLINE_SECONDS, networks(found.allow_networks))
    return ProviderDesk(
        store=gateway.store,
        directory=gateway.directory,
        clock=gateway.clock,
        ids=gateway.ids,
        provider=OpenIdProvider(found, settings.public_url, http),
        settings=found,
        key=settings.session_key,
    )
