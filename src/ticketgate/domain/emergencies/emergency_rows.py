"""Emergency rows: the columns of the table of emergencies, as the log tells them."""

from collections.abc import Mapping

from ticketgate.domain.evidence import Json


def emergency_columns(known: Mapping[str, object]) -> dict[str, object]:
    """The columns of which a snapshot tells."""
    named = {"state": "state", "person": "subject", "entitlement": "entitlement"}
    named |= {"within": "within", "invoked": "invoked_at"}
    columns = {column: known[name] for name, column in named.items() if name in known}
    return columns | ({"drill": int(bool(known["drill"]))} if "drill" in known else {})


def told_of_review(index: int, record: Mapping[str, Json], columns: dict[str, object]) -> None:
    """What one record of a review makes of its row."""
    columns |= {"state": record["to"], "subject": record["person"]}
    columns["entitlement"] = record["entitlement"]
    version = columns.get("version")
    if isinstance(version, int):
        columns["version"] = version + 1
    if not record["from"]:
        columns |= {"version": 1, "outcome": "", "reviewed_at": None, "drill": 0}
        columns |= {name: record.get(name) for name in ("access_from", "access_until")}
        columns["entered_by"] = record.get("by", "")
    if record["to"] in {"asked", "due", "claimed"}:
        told = ("target", "seconds", "within")
        columns |= {name: record[name] for name in told if name in record}
        columns |= {"drill": int(bool(record.get("drill"))), "idx": index}
        columns |= {"invoked_at": record["_ts"]}
    elif record["to"] == "done":
        columns |= {"outcome": record["outcome"], "reviewed_at": record["_ts"]}
