"""ServiceNow as far as the demo needs it: records as the shipped script sends them, signed."""

import json
import time
from dataclasses import dataclass, field
from typing import Any, Final

import requests

from ticketgate.domain.schemes.standard_webhooks import secret_key, sign

ALICE: Final = "62826bf03710200044e0bfc8bcbe5df1"
BOB: Final = "5137153cc611227c000bbd1bd8cd2007"


@dataclass
class Record:
    """One record that is edited over time; every posting is a revision."""

    table: str
    sys_id: str
    columns: dict[str, Any]
    variables: dict[str, str] | None = None
    mod_count: int = 0
    updated_by: str = "alice.moreau"

    def payload(self) -> dict[str, Any]:
        """The body that the shipped script posts."""
        record: dict[str, Any] = {
            "sys_id": self.sys_id,
            "sys_class_name": self.table,
            "sys_mod_count": str(self.mod_count),
            "sys_updated_by": self.updated_by,
            **self.columns,
        }
        if self.variables is not None:
            record["variables"] = self.variables
        return {"table": self.table, "record": record}

    def edit(self, *, by: str = "alice.moreau", **columns: object) -> "Record":
        """Change columns (or `variables`) as somebody; the revision counts up."""
        variables = columns.pop("variables", None)
        if isinstance(variables, dict):
            self.variables = {**(self.variables or {}), **variables}
        self.columns.update(columns)
        self.mod_count += 1
        self.updated_by = by
        return self


def reference(sys_id: str, name: str) -> dict[str, str]:
    """A reference as the script sends it."""
    return {"value": sys_id, "display_value": name}


@dataclass
class Snow:
    """Posts records to one hook with one secret."""

    url: str
    secret: str
    made: int = field(default=0)

    def access_request(self, *, duration: str = "2h", **variables: str) -> Record:
        """A catalog request of Alice's for elevated access."""
        self.made += 1
        return Record(
            table="sc_req_item",
            sys_id=f"{self.made:032x}",
            columns={
                "number": f"RITM{10_000 + self.made:07d}",
                "state": "2",
                "short_description": "Elevated access to the production database",
                "description": "",
                "priority": "4",
                "opened_by": reference(ALICE, "Alice Moreau"),
                "requested_for": reference(ALICE, "Alice Moreau"),
                "assigned_to": reference("", ""),
                "assignment_group": reference("", ""),
                "cat_item": reference("c" * 32, "Elevated access"),
                "cmdb_ci": reference("", ""),
            },
            variables={
                "role": "prod-db-admin",
                "duration": duration,
                "business_reason": "Migrate the billing tables tonight",
                **variables,
            },
        )

    def incident(self, short_description: str) -> Record:
        """An incident of Alice's."""
        self.made += 1
        return Record(
            table="incident",
            sys_id=f"{0xF0000 + self.made:032x}",
            columns={
                "number": f"INC{10_000 + self.made:07d}",
                "state": "1",
                "short_description": short_description,
                "description": "",
                "priority": "4",
                "category": "hardware",
                "opened_by": reference(ALICE, "Alice Moreau"),
                "caller_id": reference(ALICE, "Alice Moreau"),
                "assigned_to": reference("", ""),
                "assignment_group": reference("", ""),
                "cmdb_ci": reference("", ""),
            },
        )

    def post(self, record: Record, *, webhook_id: str | None = None) -> requests.Response:
        """Sign and post the record as it is now."""
        body = json.dumps(record.payload()).encode()
        return self.post_body(body, webhook_id or f"{record.sys_id}-{record.mod_count}")

    def post_body(self, body: bytes, webhook_id: str) -> requests.Response:
        """Sign and post any bytes."""
        moment = int(time.clock_gettime(time.CLOCK_REALTIME))
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(moment),
            "webhook-signature": sign(webhook_id, moment, body, secret_key(self.secret)),
        }
        with requests.Session() as session:
            session.trust_env = False
            return session.post(self.url, data=body, headers=headers, timeout=10)
