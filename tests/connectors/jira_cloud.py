"""Jira Cloud in memory: JQL with tokens, issues with their history, comments.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/. A quoted time would be read in the
time zone of the user; one that is not asked for by a bare number is answered with nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from tests.connectors.client_desk import WalkDesk, mapped
from tests.connectors.platform_http import Asked, PlatformHttp, Reply
from typing_extensions import override

from ticketgate_connectors.itsm.jira import JIRA
from ticketgate_connectors.rest import basic

USER: Final = "svc@example.com"
TOKEN: Final = "an API token of this test only"
LOGIN: Final = basic(USER, TOKEN)


@dataclass
class JiraCloud:
    """Issues by id. `deaf`: the query is not heeded; `dull`: comments are taken and not shown."""

    issues: dict[str, dict[str, Any]] = field(default_factory=dict)
    comments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    project: str = "service_desk"
    ended: bool = False  # tokens
    stuck: bool = False  # the same token again and again
    deaf: bool = False
    dull: bool = False
    public: bool = False

    def put(self, ident: str, at: str, **fields: Any) -> str:  # noqa: ANN401 -- of any field
        """A new issue, or a change of one by Bob at that time of day."""
        when = f"2026-01-01T{at}.000+0000"
        known = self.issues.get(ident)
        if known is None:
            known = {
                "id": ident,
                "key": f"ITSM-{ident}",
                "fields": {
                    "summary": "prod access",
                    "description": "please",
                    "created": when,
                    "status": {"name": "Waiting for approval"},
                    "project": {"projectTypeKey": self.project},
                    "creator": {"accountId": "alice"},
                    "reporter": {"accountId": "alice"},
                    "customfield_10050": {"id": "7", "value": "prod-db-admin"},
                },
                "changelog": {"histories": []},
            }
            self.issues[ident] = known
        else:
            entry = {"created": when, "author": {"accountId": "bob"}}
            known["changelog"]["histories"].insert(0, entry)
        known["fields"] |= {"updated": when, **fields}
        return ident

    def __call__(self, asked: Asked) -> Reply:
        """What Jira answers."""
        if asked.headers.get("authorization") not in {LOGIN, f"Bearer {TOKEN}"}:
            return Reply({}, 401)
        if asked.path == "/rest/api/2/search/jql":
            return self._search(asked)
        found = re.fullmatch(r"/rest/api/[23]/issue/(\d+)(/comment)?", asked.path)
        if found is None or (found[1] not in self.issues and not self.deaf):
            return Reply({"errorMessages": ["Issue does not exist"]}, 404)
        if not found[2]:
            return Reply(next(iter(self.issues.values())) if self.deaf else self.issues[found[1]])
        kept = self.comments.setdefault(found[1], [])
        if asked.method == "POST":
            internal = asked.body["properties"][0]["value"]["internal"]
            if not self.dull:
                public = self.public or not internal or self.project != "service_desk"
                kept.append({"body": asked.body["body"], "jsdPublic": public})
            return Reply({"id": "1"}, 201)
        start, size = int(asked.params["startAt"]), int(asked.params["maxResults"])
        return Reply({"comments": kept[::-1][start : start + size], "total": len(kept)})

    def _search(self, asked: Asked) -> Reply:
        query = asked.params["jql"]
        told = re.fullmatch(r"updated >= (\d+) ORDER BY updated ASC, key ASC", query)
        since = int(told[1]) if told else 10**15
        found = [one for one in self.issues.values() if self.deaf or _at(one) >= since]
        found.sort(key=lambda one: (_at(one), int(one["id"])))
        token = asked.params.get("nextPageToken")
        if token is not None and self.ended:
            return Reply({"errorMessages": ["The provided next page token is invalid"]}, 400)
        if token is not None and not self.stuck:
            when, ident = token.split("-")
            found = [one for one in found if (_at(one), int(one["id"])) > (int(when), int(ident))]
        page = found[: int(asked.params["maxResults"])]
        answer: dict[str, Any] = {"issues": page, "isLast": len(page) == len(found)}
        if len(page) < len(found):
            answer["nextPageToken"] = f"{_at(page[-1])}-{page[-1]['id']}"
        return Reply(answer)


def _at(issue: dict[str, Any]) -> int:
    when = datetime.strptime(issue["fields"]["updated"], "%Y-%m-%dT%H:%M:%S.%f%z")
    return int(when.astimezone(UTC).timestamp() * 1000)


class JiraDesk(WalkDesk):
    """Issues of a service project."""

    platform = JIRA
    table = "issue"
    tables = ("issue",)
    settings: ClassVar[Mapping[str, Any]] = {
        "user": USER,
        "password": TOKEN,
        "mapping": mapped("jira-itsm", issue={}),
    }
    login = LOGIN
    secret = TOKEN
    absent = "19999"
    no_ids = ("", "../../myself", "1/../../myself")
    other_forms: ClassVar[tuple[Any, ...]] = (
        *([], {}, {"issues": [7]}, {"issues": [], "nextPageToken": 7}),
        {"issues": [{"id": "1", "fields": {"updated": "yesterday"}}]},
        {"issues": [{"fields": {"updated": "2026-01-02T00:00:00Z"}}]},
    )
    public = "customers see it"
    too_many = 5_000  # nothing says that a full page was the last one

    def __init__(self) -> None:
        self.server = self.cloud = JiraCloud()

    @override
    def put(self, at: str, ident: str = "") -> str:
        return self.cloud.put(ident or str(10001 + len(self.cloud.issues)), at)

    @override
    def written(self) -> list[str]:
        said = [one["body"]["content"] for kept in self.cloud.comments.values() for one in kept]
        return ["\n".join(part["content"][0]["text"] for part in parts) for parts in said]

    @override
    def says(self, text: str, key: str) -> str:
        return "\n".join(line for line in text.splitlines() if line)

    @override
    def is_private(self, asked: Asked) -> bool:
        internal = {"key": "sd.public.comment", "value": {"internal": True}}
        return bool(asked.body["properties"] == [internal])

    @override
    def talk(self, ident: str, count: int) -> None:
        kept = self.cloud.comments.setdefault(ident, [])
        kept += [{"body": {"content": []}, "jsdPublic": True}] * count

    @override
    def hide(self) -> None:
        self.cloud.dull = True

    @override
    def publish(self) -> None:
        self.cloud.public = True

    @override
    def end_tokens(self) -> None:
        self.cloud.ended = True

    @override
    def stick(self) -> None:
        self.cloud.stuck = True

    @override
    def deafen(self, peer: PlatformHttp) -> None:
        self.cloud.deaf = True

    @override
    def confuse(self, peer: PlatformHttp, ident: str) -> str:
        self.cloud.deaf = True
        return self.absent
