"""The table of schemes by name, with what each takes from a source's settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ticketgate.domain.schemes.common import Scheme
from ticketgate.domain.schemes.glpi import Glpi
from ticketgate.domain.schemes.jira import Jira
from ticketgate.domain.schemes.jira_app import JiraApp
from ticketgate.domain.schemes.pagerduty import PagerDuty
from ticketgate.domain.schemes.standard_webhooks import StandardWebhooks
from ticketgate.domain.schemes.static import ApiKey, Basic, Bearer
from ticketgate.domain.schemes.zammad import Zammad
from ticketgate.domain.schemes.zendesk import Zendesk

Options = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SchemeKind:
    """How a scheme is made from the settings.

    `make` raises ValueError with the reason for a wrong option. `needs` and `takes` are the keys
    that must and may stand beside `scheme`; `only` is the one kind of source that may use it.
    """

    make: Callable[[Options], Scheme]
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    only: str | None = None


STANDARD_WEBHOOKS: Final[Scheme] = StandardWebhooks()
SCHEMES: Final[Mapping[str, SchemeKind]] = MappingProxyType(
    {
        "standard_webhooks": SchemeKind(lambda _: STANDARD_WEBHOOKS),
        "jira": SchemeKind(lambda said: Jira(said.get("method", "sha256")), takes=("method",)),
        "jira_app": SchemeKind(lambda said: JiraApp(said.get("client_key")), takes=("client_key",)),
        "zendesk": SchemeKind(lambda _: Zendesk()),
        "glpi": SchemeKind(lambda _: Glpi()),
        "zammad": SchemeKind(lambda _: Zammad(), only="zammad"),
        "pagerduty": SchemeKind(lambda _: PagerDuty()),
        "basic": SchemeKind(lambda _: Basic()),
        "bearer": SchemeKind(lambda _: Bearer()),
        "api_key": SchemeKind(lambda said: ApiKey(said["header"].lower()), needs=("header",)),
    }
)
# Headers with a fixed name that prove something: each counts only once.
PROOF_HEADERS: Final = frozenset(
    name
    for scheme in (
        *(STANDARD_WEBHOOKS, Jira(), JiraApp(), Zendesk(), Glpi(), Zammad(), PagerDuty()),
        *(Basic(), Bearer()),
    )
    for name in scheme.headers
)
