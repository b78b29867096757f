"""Calling: the targets of a configuration, behind a guarded way out."""

from collections.abc import Callable
from typing import Final

from ticketgate.adapters.config.connectors import ConfiguredTargets
from ticketgate.adapters.net.http import GuardedHttp, networks
from ticketgate.domain.grants.grant import CALL_SECONDS_MAX
from ticketgate.domain.settings import Settings, TargetOptions
from ticketgate.ports import Targets

HTTP_SECONDS_MAX: Final = CALL_SECONDS_MAX / 8  # a call of a connector is at most eight requests


def called_targets(settings: Settings, wrap: Callable[[Targets], Targets] | None) -> Targets:
    """The targets that are called; `wrap` sees every connector that is opened."""
    targets: Targets = ConfiguredTargets(settings.targets, _way_out)
    return targets if wrap is None else wrap(targets)


def _way_out(options: TargetOptions) -> GuardedHttp:
    return GuardedHttp(HTTP_SECONDS_MAX, networks(options.options.get("allow_networks", "")))
