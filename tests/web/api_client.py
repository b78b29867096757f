"""A person's program at `/api/v1`: the cookie of a real sign-in, and every answer kept."""

import json
from collections.abc import Mapping
from typing import Any, Final

from flask.testing import FlaskClient  # noqa: TC002 -- as every module here does
from tests.operations.lane import WHY, Lane
from tests.web.test_triage_page import app_of, surfer
from werkzeug.test import TestResponse

TRIAGE: Final = "/api/v1/triage"
QUARANTINE: Final = "/api/v1/quarantine"
YES: Final[dict[str, object]] = {"verdict": "identity", "kinds": ["delegation"], "tier": "medium"}
ORIGIN: Final = "http://127.0.0.1:8080"  # of the application that is tested
DISMISS: Final[dict[str, object]] = {"what": "dismiss"}

Json = dict[str, Any]


class Caller:
    """Somebody signed in, or with an empty `person` nobody."""

    def __init__(self, lane: Lane, person: str = "bob") -> None:
        self.client: FlaskClient = (
            surfer(lane, person).client if person else app_of(lane).test_client(use_cookies=False)
        )
        self.answers: list[tuple[str, str, TestResponse]] = []  # (method, path, answer)

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
    ) -> TestResponse:
        """One request, as it is said."""
        answer = self.client.open(path, method=method, headers=dict(headers or {}), data=data)
        self.answers.append((method, path, answer))
        return answer

    def get(self, path: str, **headers: str) -> TestResponse:
        """Look."""
        return self.ask("GET", path, headers)

    def read(self, path: str) -> Json:
        """What a look answers."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return told(answer)

    def token(self) -> str:
        """The CSRF token of this session."""
        return self.get(TRIAGE).headers["X-CSRF-Token"]

    def headers(self, **more: str) -> dict[str, str]:
        """The headers of a POST that is in order; `more` replace or, when empty, remove one."""
        usual = {"Content-Type": "application/json", "X-CSRF-Token": self.token()}
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {name: value for name, value in (usual | named).items() if value}

    def send(self, path: str, data: bytes, **headers: str) -> TestResponse:
        """POST these bytes."""
        return self.ask("POST", path, self.headers(**headers), data)

    def say(self, path: str, body: Mapping[str, object], **headers: str) -> TestResponse:
        """POST a word about what is shown now, with a justification unless `body` has its own."""
        whole = {"justification": WHY, "shown": self.read(path)["shown"], **body}
        return self.send(path, json.dumps(whole).encode(), **headers)


def told(answer: TestResponse) -> Json:
    """The object that an answer is."""
    assert isinstance(answer.json, dict), answer.text
    return answer.json


def code(answer: TestResponse) -> tuple[int, str]:
    """Status and code of a problem."""
    assert answer.mimetype == "application/problem+json", answer.text
    problem = told(answer)
    assert problem["status"] == answer.status_code
    assert problem["detail"]
    return answer.status_code, problem["code"]


def path_of(caller: Caller, resource: str = TRIAGE) -> str:
    """The address of the first that is listed."""
    items = next(value for value in caller.read(resource).values() if isinstance(value, list))
    return f"{resource}/{items[0]['id']}"


def words(lane: Lane) -> tuple[int, int]:
    """How many verdicts there are, and how many deliveries were judged."""
    judged = [*lane.gate.records("delivery.dismissed"), *lane.gate.records("delivery.released")]
    return len(lane.verdicts()), len(judged)
