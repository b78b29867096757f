"""The gateway's doors as one ASGI application."""

import asyncio

from ticketgate.web.create_app import create_app
from ticketgate.web.front import Front, FrontLimits
from ticketgate.web.intake import Intake, SourceKeys
from ticketgate.web.probes import probes
from ticketgate.web.wsgi_bridge import WsgiBridge
from ticketgate.wiring import Gateway


def doors(gateway: Gateway) -> Front:
    """Machines through the intake, people through Flask; the gateway lives while they serve."""
    settings = gateway.settings
    pages = create_app(
        gateway.desk,
        public_url=settings.public_url,
        session_key=settings.session_key,
        new_secret=gateway.ids.token,
        extra_blueprints=[probes(gateway.readiness, gateway.meters.registry)],
    )
    bridge = WsgiBridge(pages, public_url=settings.public_url)
    intake = Intake(
        {name: SourceKeys(source.secrets) for name, source in settings.sources.items()},
        gateway.receive,
        gateway.clock.wall,
        gateway.meters.refuse,
    )

    async def start() -> None:
        await asyncio.to_thread(gateway.start)

    async def stop() -> None:
        await asyncio.to_thread(gateway.stop)
        bridge.close()

    limits = FrontLimits(
        hook_body_bytes_max=settings.body_bytes_max, body_seconds_max=settings.body_seconds_max
    )
    return Front(intake, bridge, start, stop, limits)
