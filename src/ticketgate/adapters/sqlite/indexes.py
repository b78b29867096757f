"""Indexes over what grows with the past; pages and housekeeping find their rows by them.

Partial ones hold only what is open, so they stay as small as that is. `column || ''` is for one
query alone: it keeps an index of few values from being taken for others, that have a better one.
"""

from typing import Final

# What people call a ticket, as `Ticket.number` has it: a text, or the name or else id of a
# reference. Not for content that is none: rows stay writable.
TICKET_NUMBER: Final = """CASE WHEN json_valid(content) THEN coalesce(
  nullif(json_extract(content, '$.fields.number[1]'), ''),
  json_extract(content, '$.fields.number[0]'),
  json_extract(content, '$.fields.number')) END"""

# Of the table of grants. A query finds the index below by these very words; grants of whose states
# one is added here later need a new index.
UNENDED: Final = "state NOT IN ('revoked', 'cancelled', 'released_shared', 'abandoned')"

OF_THE_PAST: Final = f"""
CREATE INDEX ticket_number ON ticket ({TICKET_NUMBER});
CREATE INDEX ticket_known_as ON ticket (ticket_id);
CREATE INDEX grant_unended ON access_grant (state, target)
  WHERE {UNENDED};
CREATE INDEX grant_living ON access_grant (source, ticket_id, subject)
  WHERE state IN ('planned', 'provisioning', 'active');
CREATE INDEX request_of_entitlement ON request (entitlement || '', opened_at, id);
CREATE INDEX request_of_state ON request (state || '', opened_at, id);
CREATE INDEX request_of_source ON request (source || '', opened_at, id);
CREATE INDEX link_put_to ON link (approver || '') WHERE state IN ('issued', 'used');
CREATE INDEX approval_by ON approval (approver || '');
CREATE INDEX delivery_id ON delivery (id);
CREATE INDEX delivery_ticket ON delivery (source, ticket, seq) WHERE ticket IS NOT NULL;
CREATE INDEX delivery_of_state ON delivery (state || '', seq)
  WHERE state NOT IN ('accepted', 'processed');
CREATE INDEX exception_of ON exception (code, opened_at, idx) WHERE state <> 'resolved';
CREATE INDEX exception_resolved ON exception (code, resolved_at) WHERE state = 'resolved';
CREATE INDEX emergency_begun ON emergency (invoked_at, idx)
  WHERE state NOT IN ('asked', 'consented');
CREATE INDEX emergency_asked ON emergency (invoked_at, idx)
  WHERE state IN ('asked', 'consented');
CREATE INDEX emergency_subject ON emergency (subject);
CREATE INDEX emergency_entered ON emergency (entered_by) WHERE entered_by <> '';
"""

# Which records name a person, an emergency or a grant, in any place: no index over one expression
# tells it. Kept by triggers, so that whatever is in the log is found here, and nothing else is.
_IDS: Final = """SELECT atom, {row}.idx FROM json_tree(
    CASE WHEN json_valid(CAST({row}.entry AS TEXT)) THEN CAST({row}.entry AS TEXT) END)
  WHERE type = 'text' AND substr(atom, 1, 4) IN ('act_', 'emg_', 'grt_')"""
_SAYS: Final = " OR ".join(  # most records name none, and are not parsed for it
    f"instr({{row}}.entry, CAST('\"{one}_' AS BLOB))" for one in ("act", "emg", "grt")
)
NAMING: Final = f"""
CREATE TABLE evidence_naming (
  name TEXT NOT NULL, idx INTEGER NOT NULL, PRIMARY KEY (name, idx)) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO evidence_naming {
    _IDS.replace(" FROM", " FROM evidence_entry AS e,", 1).format(row="e")
} AND ({_SAYS.format(row="e")});
CREATE TRIGGER evidence_named AFTER INSERT ON evidence_entry
  WHEN {_SAYS.format(row="NEW")}
  BEGIN INSERT OR IGNORE INTO evidence_naming {_IDS.format(row="NEW")}; END;
CREATE TRIGGER evidence_unnamed AFTER DELETE ON evidence_entry
  WHEN {_SAYS.format(row="OLD")}
  BEGIN DELETE FROM evidence_naming WHERE (name, idx) IN ({_IDS.format(row="OLD")}); END;
CREATE TRIGGER naming_no_update BEFORE UPDATE ON evidence_naming
  BEGIN SELECT RAISE(ABORT, 'what a record names does not change'); END;
CREATE TRIGGER naming_no_delete BEFORE DELETE ON evidence_naming
  WHEN EXISTS (SELECT 1 FROM evidence_entry WHERE idx = OLD.idx)
  BEGIN SELECT RAISE(ABORT, 'what a record names does not change'); END;
"""  # noqa: S608 -- of constants alone
