"""The gateway's doors as one ASGI application."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Final

import flask
from typing_extensions import override

from ticketgate.operations.evidence.hand_out import HandOut
from ticketgate.web.create_app import SignInWays, create_app
from ticketgate.web.evidence import evidence_pages
from ticketgate.web.front import Front, FrontLimits
from ticketgate.web.intake import Intake, SourceKeys
from ticketgate.web.probes import closed_pages, probes
from ticketgate.web.problems import Answer
from ticketgate.web.wsgi_bridge import WsgiBridge
from ticketgate.wiring.console import (
    abandon_desk,
    emergency_desk,
    evidence_desk,
    lane_desks,
    passkey_desk,
    request_desks,
)
from ticketgate.wiring.gateway import Gateway
from ticketgate.wiring.signing_in import provider_desk

_NOWHERE: Final = "http://localhost"  # links are made from; closed pages make none


def doors(gateway: Gateway) -> Front:
    """Machines through the intake, people through Flask; the gateway lives while they serve.

    Of a gateway that only takes away, everything but the probes answers 503 (`not_ready`); of one
    whose restore is not declared, hooks do, and people find sign-in and the page of the restore.
    """
    settings, looks = gateway.settings, probes(gateway.readiness, gateway.meters.registry)
    if gateway.faults:
        shut = ClosedIntake({}, gateway.receive, gateway.clock.wall, gateway.meters.refuse)
        return _front(gateway, shut, closed_pages(looks), _NOWHERE)
    pages = create_app(
        gateway.desk,
        public_url=settings.public_url,
        session_key=settings.session_key,
        new_secret=gateway.ids.token,
        extra_blueprints=[looks, evidence_pages(partial(_hand_out, gateway))],
        restores=gateway.restores,
        lanes=None if gateway.lost else lane_desks(gateway),
        requests=None if gateway.lost else request_desks(gateway),
        sign_in=SignInWays(settings.mail_code, provider_desk(gateway)),
        emergencies=None if gateway.lost else emergency_desk(gateway),
        passkeys=None if gateway.lost else passkey_desk(gateway),
        evidence=None if gateway.lost else evidence_desk(gateway),
        abandoning=None if gateway.lost else abandon_desk(gateway),
    )
    if gateway.lost is not None:
        shut = ClosedIntake({}, gateway.receive, gateway.clock.wall, gateway.meters.refuse)
        return _front(gateway, shut, pages, settings.public_url)
    intake = Intake(
        {
            name: SourceKeys(source.secrets, source.scheme)
            for name, source in settings.sources.items()
        },
        gateway.receive,
        gateway.clock.wall,
        gateway.meters.refuse,
        limits={name: source.velocity.deliveries for name, source in settings.sources.items()},
        clock=gateway.clock.now,
    )
    return _front(gateway, intake, pages, settings.public_url)


def _hand_out(gateway: Gateway) -> HandOut | None:
    """What of the log may be fetched; nothing while it is not the one that was signed."""
    if gateway.keys is None or gateway.lost is not None:
        return None
    return HandOut(gateway.store, gateway.keys.signer, public=gateway.settings.evidence_public)


class ClosedIntake(Intake):
    """Takes nothing; senders try again."""

    @override
    async def post(self, source: str, fields: Mapping[bytes, bytes], body: bytes) -> Answer:
        """503, whoever asks."""
        return self.refuse(source, "not_ready")

    @override
    def challenge(self, source: str, token: bytes) -> Answer:
        """503, whoever asks."""
        return self.refuse(source, "not_ready")


def _front(gateway: Gateway, intake: Intake, pages: flask.Flask, public_url: str) -> Front:
    settings, bridge = gateway.settings, WsgiBridge(pages, public_url=public_url)

    async def start() -> None:
        await asyncio.to_thread(gateway.start)

    async def stop() -> None:
        await asyncio.to_thread(gateway.stop)
        bridge.close()

    limits = FrontLimits(
        hook_body_bytes_max=settings.body_bytes_max, body_seconds_max=settings.body_seconds_max
    )
    return Front(intake, bridge, start, stop, limits)
