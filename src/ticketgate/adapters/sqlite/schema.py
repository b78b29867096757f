"""The schema. `connecting.py` opens the file, `migrating.py` runs the migrations.

The hot path uses raw SQL. State tables hold in clear only what entries hold in clear; the rest is
in `content` columns that erasure sets to NULL.
"""

from typing import Final

from ticketgate.adapters.sqlite.connecting import connect
from ticketgate.adapters.sqlite.indexes import NAMING, OF_THE_PAST

__all__ = ["MIGRATIONS", "connect"]

_STATEMENTS_1: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE delivery (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL, source TEXT NOT NULL,
  webhook_id TEXT NOT NULL, body_digest TEXT NOT NULL, received_at TEXT NOT NULL,
  state TEXT NOT NULL, reason TEXT NOT NULL, ticket TEXT, effect TEXT NOT NULL,
  idx INTEGER NOT NULL, leaf TEXT NOT NULL,
  UNIQUE (source, webhook_id, body_digest)) STRICT;
CREATE INDEX delivery_body_digest ON delivery (source, body_digest);
CREATE INDEX delivery_waiting ON delivery (seq) WHERE state = 'accepted';
CREATE INDEX delivery_parked ON delivery (source, seq) WHERE state = 'quarantined';
CREATE TABLE delivery_body (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE TABLE ticket (
  id TEXT PRIMARY KEY, source TEXT NOT NULL, tbl TEXT NOT NULL, ticket_id TEXT NOT NULL,
  revision INTEGER NOT NULL, verdict TEXT NOT NULL, state_class TEXT NOT NULL,
  delivery_seq INTEGER NOT NULL, updated_at TEXT NOT NULL, content TEXT,
  UNIQUE (source, tbl, ticket_id)) STRICT;
CREATE TABLE request (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, state TEXT NOT NULL, source TEXT NOT NULL,
  tbl TEXT NOT NULL, ticket_id TEXT NOT NULL, entitlement TEXT NOT NULL,
  opened_at TEXT NOT NULL, decide_by TEXT NOT NULL, content TEXT) STRICT;
CREATE UNIQUE INDEX request_live ON request (source, tbl, ticket_id, entitlement)
  WHERE state IN ('blocked', 'awaiting');
CREATE INDEX request_ticket ON request (source, tbl, ticket_id);
CREATE INDEX request_due ON request (decide_by) WHERE state IN ('blocked', 'awaiting');
CREATE TABLE approval (
  request TEXT NOT NULL, round INTEGER NOT NULL, stage INTEGER NOT NULL, approver TEXT NOT NULL,
  decision TEXT NOT NULL, seconds INTEGER NOT NULL, decided_at TEXT NOT NULL,
  idx INTEGER NOT NULL, PRIMARY KEY (request, round, approver)) STRICT;
CREATE TABLE request_view (
  request TEXT NOT NULL, subject TEXT NOT NULL, hour TEXT NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (request, subject, hour)) STRICT;
CREATE TABLE link (
  id TEXT PRIMARY KEY, request TEXT NOT NULL, round INTEGER NOT NULL, stage INTEGER NOT NULL,
  approver TEXT NOT NULL, clause TEXT NOT NULL, shown TEXT NOT NULL, state TEXT NOT NULL,
  expires_at TEXT NOT NULL, why TEXT NOT NULL) STRICT;
CREATE INDEX link_request ON link (request);
CREATE TABLE link_token (
  hash TEXT PRIMARY KEY, link TEXT NOT NULL, minted_at TEXT NOT NULL) STRICT;
CREATE TABLE access_grant (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, state TEXT NOT NULL, source TEXT NOT NULL,
  tbl TEXT NOT NULL, ticket_id TEXT NOT NULL, subject TEXT NOT NULL, target TEXT NOT NULL,
  entitlement TEXT NOT NULL, not_after TEXT, holding TEXT, revoking_since TEXT,
  content TEXT NOT NULL) STRICT;
CREATE INDEX grant_due ON access_grant (not_after) WHERE state IN ('provisioning', 'active');
CREATE INDEX grant_ticket ON access_grant (source, tbl, ticket_id);
CREATE INDEX grant_holding ON access_grant (holding);
CREATE INDEX grant_revoking ON access_grant (revoking_since) WHERE state = 'revoking';
CREATE TABLE command (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, about TEXT NOT NULL, target TEXT NOT NULL,
  state TEXT NOT NULL, due_at TEXT NOT NULL, tries INTEGER NOT NULL,
  last_outcome TEXT NOT NULL, deadline TEXT) STRICT;
CREATE INDEX command_due ON command (kind, due_at) WHERE state = 'queued';
CREATE INDEX command_target ON command (kind, target, due_at) WHERE state = 'queued';
CREATE INDEX command_intended ON command (id) WHERE state = 'intended';
CREATE INDEX command_about ON command (about);
CREATE TABLE actor (subject TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE loaded (
  kind TEXT PRIMARY KEY, digest TEXT NOT NULL, at TEXT NOT NULL) STRICT;
CREATE TABLE code (
  id TEXT PRIMARY KEY, browser_hash TEXT NOT NULL, subject TEXT NOT NULL, link TEXT,
  asked_at TEXT NOT NULL, code_hash TEXT NOT NULL, expires_at TEXT, tries INTEGER NOT NULL,
  state TEXT NOT NULL) STRICT;
CREATE INDEX code_browser ON code (browser_hash);
CREATE INDEX code_subject ON code (subject, asked_at);
CREATE TABLE session (
  id_hash TEXT PRIMARY KEY, subject TEXT NOT NULL, method TEXT NOT NULL,
  signed_in_at TEXT NOT NULL, expires_at TEXT NOT NULL, ended_at TEXT) STRICT;
CREATE TABLE clock (
  id INTEGER PRIMARY KEY CHECK (id = 1), boot_id TEXT NOT NULL, boot_seconds REAL NOT NULL,
  now TEXT NOT NULL) STRICT;
CREATE TABLE evidence_entry (
  idx INTEGER PRIMARY KEY, leaf BLOB NOT NULL, entry BLOB NOT NULL) STRICT;
CREATE TABLE evidence_head (
  id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, leaf BLOB NOT NULL) STRICT;
CREATE TABLE evidence_disclosure (
  digest TEXT PRIMARY KEY, idx INTEGER NOT NULL, subject TEXT NOT NULL, kind TEXT NOT NULL,
  encoded TEXT) STRICT;
CREATE INDEX disclosure_subject ON evidence_disclosure (subject) WHERE subject <> '';
CREATE INDEX disclosure_idx ON evidence_disclosure (idx);
CREATE TRIGGER evidence_no_update BEFORE UPDATE ON evidence_entry
  BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END;
CREATE TRIGGER evidence_no_delete BEFORE DELETE ON evidence_entry
  BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END;
CREATE TRIGGER evidence_dense BEFORE INSERT ON evidence_entry
  WHEN NEW.idx IS NOT (SELECT coalesce(max(idx), -1) + 1 FROM evidence_entry)
  BEGIN SELECT RAISE(ABORT, 'evidence is append-only and dense'); END;
CREATE TRIGGER disclosure_no_delete BEFORE DELETE ON evidence_disclosure
  BEGIN SELECT RAISE(ABORT, 'a disclosure is erased by setting it to NULL'); END;
CREATE TRIGGER disclosure_only_erased BEFORE UPDATE ON evidence_disclosure
  WHEN NEW.encoded IS NOT NULL OR NEW.digest IS NOT OLD.digest OR NEW.idx IS NOT OLD.idx
  BEGIN SELECT RAISE(ABORT, 'a disclosure can only be erased'); END;
CREATE TRIGGER disclosure_once BEFORE INSERT ON evidence_disclosure
  WHEN EXISTS (SELECT 1 FROM evidence_disclosure WHERE digest = NEW.digest)
  BEGIN SELECT RAISE(ABORT, 'a disclosure is written once'); END;
"""

# The tree over the log: its frontier beside the head (NULL until it was first grown), and the roots
# of complete subtrees of 256^level leaves. What retention pruned keeps its leaf hashes.
_STATEMENTS_2: Final = """
ALTER TABLE evidence_head ADD COLUMN frontier BLOB;
CREATE TABLE evidence_tile (
  level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL,
  PRIMARY KEY (level, idx)) STRICT, WITHOUT ROWID;
CREATE TRIGGER tile_no_update BEFORE UPDATE ON evidence_tile
  BEGIN SELECT RAISE(ABORT, 'the tree is append-only'); END;
CREATE TRIGGER tile_no_delete BEFORE DELETE ON evidence_tile
  BEGIN SELECT RAISE(ABORT, 'the tree is append-only'); END;
CREATE TABLE evidence_pruned (segment INTEGER PRIMARY KEY, leaves BLOB NOT NULL) STRICT;
CREATE TABLE evidence_snapshot (boundary INTEGER PRIMARY KEY, json BLOB NOT NULL) STRICT;
CREATE TRIGGER pruned_dense BEFORE INSERT ON evidence_pruned
  WHEN NEW.segment IS NOT (SELECT coalesce(max(segment), -1) + 1 FROM evidence_pruned)
  BEGIN SELECT RAISE(ABORT, 'segments are pruned in order'); END;
CREATE TRIGGER pruned_no_update BEFORE UPDATE ON evidence_pruned
  BEGIN SELECT RAISE(ABORT, 'leaf hashes stay'); END;
CREATE TRIGGER pruned_no_delete BEFORE DELETE ON evidence_pruned
  BEGIN SELECT RAISE(ABORT, 'leaf hashes stay'); END;
DROP TRIGGER evidence_no_delete;
CREATE TRIGGER evidence_no_delete BEFORE DELETE ON evidence_entry
  WHEN OLD.idx >= (SELECT (coalesce(max(segment), -1) + 1) * 65536 FROM evidence_pruned)
  BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END;
DROP TRIGGER disclosure_no_delete;
CREATE TRIGGER disclosure_no_delete BEFORE DELETE ON evidence_disclosure
  WHEN OLD.idx >= (SELECT (coalesce(max(segment), -1) + 1) * 65536 FROM evidence_pruned)
  BEGIN SELECT RAISE(ABORT, 'a disclosure is erased by setting it to NULL'); END;
"""

# Keys that the log brought or ended; a restore: what is kept of it, what people said, and how the
# targets compare with the grants.
_STATEMENTS_3: Final = """
CREATE TABLE log_key (vkey TEXT PRIMARY KEY, began INTEGER, ended INTEGER) STRICT;
CREATE TABLE restore (what TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT;
CREATE TABLE restore_statement (
  purpose TEXT NOT NULL, subject TEXT NOT NULL, shown TEXT NOT NULL, reason TEXT NOT NULL,
  at TEXT NOT NULL, PRIMARY KEY (purpose, subject)) STRICT;
CREATE TABLE restore_compared (
  target TEXT NOT NULL, access TEXT NOT NULL, entitlement TEXT NOT NULL, code TEXT NOT NULL,
  held INTEGER NOT NULL, at TEXT NOT NULL, PRIMARY KEY (target, access)) STRICT;
CREATE TABLE restore_drift (
  target TEXT NOT NULL, access TEXT NOT NULL, entitlement TEXT NOT NULL, principal TEXT NOT NULL,
  found TEXT NOT NULL, grant_id TEXT NOT NULL, idx INTEGER NOT NULL,
  PRIMARY KEY (target, access, principal, found, grant_id)) STRICT;
"""

# How it goes with each anchor, and which record of the log moved a request last.
_STATEMENTS_4: Final = """
CREATE TABLE anchor (
  kind TEXT NOT NULL, name TEXT NOT NULL, since TEXT NOT NULL, size INTEGER NOT NULL,
  anchored_at TEXT, code TEXT NOT NULL, PRIMARY KEY (kind, name)) STRICT;
CREATE TABLE request_record (request TEXT PRIMARY KEY, idx INTEGER NOT NULL) STRICT;
"""

# The grants of a request, which erasure asks for. Not for content that is none: rows stay writable.
_STATEMENTS_5: Final = """
CREATE INDEX grant_request ON access_grant (
  CASE WHEN json_valid(content) THEN json_extract(content, '$.request') END);
"""

# Exceptions: what somebody must look at; one is open for a code and a subject.
_STATEMENTS_6: Final = """
CREATE TABLE exception (
  id TEXT PRIMARY KEY, code TEXT NOT NULL, subject TEXT NOT NULL, about TEXT NOT NULL,
  owner TEXT NOT NULL, state TEXT NOT NULL, opened_at TEXT NOT NULL, resolved_at TEXT,
  resolved_by TEXT NOT NULL, idx INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX exception_open ON exception (code, subject)
  WHERE state = 'opened' AND subject <> '';
CREATE INDEX exception_opened_at ON exception (opened_at);
"""

# Tickets that wait for a person's word, and deliveries that a person has released.
_STATEMENTS_7: Final = """
CREATE INDEX ticket_uncertain ON ticket (updated_at) WHERE verdict = 'uncertain';
CREATE INDEX delivery_released ON delivery (seq) WHERE state = 'released';
"""

# How far each source was asked for what its hooks lost, and what its tickets are told.
_STATEMENTS_8: Final = """
CREATE TABLE poll (
  source TEXT NOT NULL, tbl TEXT NOT NULL, cursor TEXT NOT NULL, since TEXT NOT NULL,
  done_at TEXT, hold INTEGER NOT NULL, PRIMARY KEY (source, tbl)) STRICT;
CREATE TABLE told (source TEXT PRIMARY KEY) STRICT;
CREATE TABLE comment (
  id TEXT PRIMARY KEY, source TEXT NOT NULL, tbl TEXT NOT NULL, ticket_id TEXT NOT NULL,
  about TEXT NOT NULL, text TEXT NOT NULL, idx INTEGER NOT NULL, queued_at TEXT NOT NULL) STRICT;
"""

# What was seen to touch access; a view that nothing acts on.
_STATEMENTS_9: Final = """
CREATE TABLE surface (
  id TEXT PRIMARY KEY, origin TEXT NOT NULL, source TEXT NOT NULL, tbl TEXT NOT NULL,
  item TEXT NOT NULL, automation TEXT NOT NULL, account TEXT NOT NULL, kinds TEXT NOT NULL,
  count INTEGER NOT NULL, owner TEXT NOT NULL, boundary TEXT NOT NULL, first_seen TEXT NOT NULL,
  last_seen TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX surface_key ON surface (source, tbl, item, automation, account, origin);
CREATE INDEX surface_seen ON surface (last_seen);
"""

# The approver rows of platforms as seen last, and tickets by the id that the platform gave them.
_STATEMENTS_10: Final = """
CREATE TABLE approver_row (
  source TEXT NOT NULL, id TEXT NOT NULL, parent TEXT NOT NULL, version INTEGER,
  approver TEXT NOT NULL, PRIMARY KEY (source, id)) STRICT;
CREATE INDEX approver_row_parent ON approver_row (source, parent);
CREATE INDEX ticket_platform_id ON ticket (source, ticket_id);
"""

# How much each source may bring about, and which requests went to their approvers of late.
_STATEMENTS_11: Final = """
CREATE TABLE pace (
  source TEXT PRIMARY KEY, count INTEGER NOT NULL, seconds INTEGER NOT NULL) STRICT;
CREATE TABLE passed (source TEXT NOT NULL, request TEXT NOT NULL, at TEXT NOT NULL) STRICT;
CREATE INDEX passed_at ON passed (source, at);
CREATE INDEX request_blocked ON request (opened_at) WHERE state = 'blocked';
"""

# What of a source is counted: requests, and grants that its tickets end; ends that are held.
_STATEMENTS_12: Final = """
DROP TABLE pace;
CREATE TABLE pace (
  source TEXT NOT NULL, what TEXT NOT NULL, count INTEGER NOT NULL, seconds INTEGER NOT NULL,
  PRIMARY KEY (source, what)) STRICT;
DROP TABLE passed;
CREATE TABLE passed (
  source TEXT NOT NULL, what TEXT NOT NULL, about TEXT NOT NULL, at TEXT NOT NULL) STRICT;
CREATE INDEX passed_at ON passed (source, what, at);
CREATE TABLE held_closing (
  access_grant TEXT PRIMARY KEY, cause TEXT NOT NULL, until TEXT NOT NULL) STRICT;
CREATE INDEX held_closing_until ON held_closing (until);
"""

# An exception that is assigned to somebody is open still.
_STATEMENTS_13: Final = """
DROP INDEX exception_open;
CREATE UNIQUE INDEX exception_open ON exception (code, subject)
  WHERE state <> 'resolved' AND subject <> '';
CREATE INDEX exception_waiting ON exception (opened_at, idx) WHERE state <> 'resolved';
"""

# Whose a request is; as above.
_STATEMENTS_14: Final = """
CREATE INDEX request_requester ON request (
  CASE WHEN json_valid(content) THEN json_extract(content, '$.requester[0]') END);
CREATE INDEX request_beneficiary ON request (
  CASE WHEN json_valid(content) THEN json_extract(content, '$.beneficiary[0]') END);
"""

_STATEMENTS_15: Final = """
CREATE TABLE spent (ident TEXT PRIMARY KEY, until TEXT NOT NULL) STRICT;
CREATE TABLE provider_session (
  id_hash TEXT PRIMARY KEY, subject TEXT NOT NULL, sub TEXT NOT NULL, sid TEXT NOT NULL) STRICT;
CREATE INDEX provider_session_sub ON provider_session (sub);
CREATE TABLE step_up (
  id_hash TEXT NOT NULL, subject TEXT NOT NULL, shown TEXT NOT NULL, at TEXT NOT NULL,
  until TEXT NOT NULL, auth_time TEXT NOT NULL, acr TEXT NOT NULL, salt TEXT NOT NULL,
  token TEXT NOT NULL, PRIMARY KEY (id_hash, shown)) STRICT;
"""

# Whose delegate somebody is asked, or decides, as; empty: they are named themselves.
_STATEMENTS_16: Final = """
ALTER TABLE link ADD COLUMN on_behalf_of TEXT NOT NULL DEFAULT '';
ALTER TABLE approval ADD COLUMN on_behalf_of TEXT NOT NULL DEFAULT '';
"""

# Emergencies with their reviews, and who is told of them.
_STATEMENTS_17: Final = """
CREATE TABLE emergency (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, state TEXT NOT NULL, drill INTEGER NOT NULL,
  subject TEXT NOT NULL, entitlement TEXT NOT NULL, target TEXT NOT NULL,
  access_grant TEXT NOT NULL, seconds INTEGER NOT NULL, within INTEGER NOT NULL,
  clause TEXT NOT NULL, invoked_at TEXT NOT NULL, idx INTEGER NOT NULL, outcome TEXT NOT NULL,
  reviewer TEXT NOT NULL, reviewed_at TEXT) STRICT;
CREATE INDEX emergency_open ON emergency (invoked_at) WHERE state <> 'done';
CREATE INDEX emergency_of ON emergency (entitlement, invoked_at);
CREATE TABLE notice (
  id TEXT PRIMARY KEY, emergency TEXT NOT NULL, subject TEXT NOT NULL) STRICT;
"""

# People in them are actors of the log.
_STATEMENTS_18: Final = """
CREATE TABLE passkey (
  id TEXT PRIMARY KEY, person TEXT NOT NULL, state TEXT NOT NULL, key TEXT NOT NULL,
  cose BLOB NOT NULL, credential BLOB NOT NULL, rp_id TEXT NOT NULL, origin TEXT NOT NULL,
  counter INTEGER NOT NULL, enrolled_at TEXT NOT NULL, voucher TEXT);
CREATE INDEX passkey_person ON passkey (person, enrolled_at);
CREATE INDEX passkey_pending ON passkey (enrolled_at) WHERE state = 'pending';
CREATE TABLE passkey_ceremony (
  session_hash TEXT NOT NULL, purpose TEXT NOT NULL, payload TEXT NOT NULL, salt TEXT NOT NULL,
  expires_at TEXT NOT NULL, PRIMARY KEY (session_hash, purpose));
"""

# What receivers are told of records, and how far the log was read for them.
_STATEMENTS_19: Final = """
CREATE TABLE announced (one INTEGER PRIMARY KEY CHECK (one = 1), upto INTEGER NOT NULL) STRICT;
CREATE TABLE announcement (
  id TEXT PRIMARY KEY, receiver TEXT NOT NULL, event TEXT NOT NULL, idx INTEGER NOT NULL,
  queued_at TEXT NOT NULL, UNIQUE (receiver, idx)) STRICT;
"""

# Mails about outcomes, and which outcomes tickets of a source are told.
_STATEMENTS_20: Final = """
CREATE TABLE letter (
  id TEXT PRIMARY KEY, key TEXT NOT NULL, outcome TEXT NOT NULL, about TEXT NOT NULL,
  thread TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL, next TEXT NOT NULL,
  idx INTEGER, queued_at TEXT NOT NULL, until TEXT, UNIQUE (key, subject)) STRICT;
DROP TABLE told;
CREATE TABLE told (
  source TEXT NOT NULL, outcome TEXT NOT NULL, PRIMARY KEY (source, outcome)) STRICT;
"""

# When somebody decided, and when a request ended, over all requests.
_STATEMENTS_21: Final = """
CREATE INDEX approval_decided ON approval (decided_at, idx);
CREATE INDEX request_ended ON request (
  CASE WHEN json_valid(content) THEN json_extract(content, '$.closed_at') END)
  WHERE state IN ('approved', 'denied', 'withdrawn');
"""

# What the lists of the console ask by; and which records name a request, or are about something.
_STATEMENTS_22: Final = """
CREATE INDEX request_opened ON request (opened_at, id);
CREATE INDEX approval_behalf ON approval (on_behalf_of) WHERE on_behalf_of <> '';
CREATE INDEX link_undecided ON link (approver) WHERE state = 'issued';
CREATE INDEX grant_held ON access_grant (not_after, id)
  WHERE state IN ('provisioning', 'active', 'revoking', 'revoke_overdue');
CREATE INDEX grant_subject ON access_grant (subject, not_after, id);
CREATE INDEX entry_request ON evidence_entry (
  CASE WHEN json_valid(CAST(entry AS TEXT))
    THEN json_extract(CAST(entry AS TEXT), '$.request') END, idx)
  WHERE instr(entry, CAST('"request":' AS BLOB)) > 0;
CREATE INDEX entry_about ON evidence_entry (
  CASE WHEN json_valid(CAST(entry AS TEXT))
    THEN json_extract(CAST(entry AS TEXT), '$.about') END, idx)
  WHERE instr(entry, CAST('"about":' AS BLOB)) > 0;
"""

# Who was reminded of a link, and had the digest of a day.
_STATEMENTS_23: Final = """
CREATE TABLE reminder (
  key TEXT PRIMARY KEY, approver TEXT NOT NULL, day TEXT NOT NULL,
  mailed INTEGER NOT NULL) STRICT;
CREATE INDEX reminder_of ON reminder (approver, day);
CREATE TABLE digest (
  id TEXT PRIMARY KEY, approver TEXT NOT NULL, day TEXT NOT NULL, UNIQUE (approver, day)) STRICT;
CREATE INDEX link_token_of ON link_token (link, minted_at);
"""

# Emergencies that were entered afterwards.
_STATEMENTS_24: Final = """
ALTER TABLE emergency ADD COLUMN entered_by TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency ADD COLUMN access_from TEXT;
ALTER TABLE emergency ADD COLUMN access_until TEXT;
"""

# What the identity provider claimed of groups at a sign-in.
_STATEMENTS_25: Final = """
CREATE TABLE provider_claims (id_hash TEXT PRIMARY KEY, subject TEXT NOT NULL, at TEXT NOT NULL,
  claim TEXT NOT NULL, told TEXT NOT NULL) STRICT;
"""

# Since when a passkey could be used: as its log tells it, and once so for good.
_STATEMENTS_26: Final = """
ALTER TABLE passkey ADD COLUMN confirmed_at TEXT;
UPDATE passkey SET confirmed_at = told.at FROM (
  SELECT json_extract(CAST(entry AS TEXT), '$.id') AS id,
    min(json_extract(CAST(entry AS TEXT), '$._ts')) AS at
  FROM evidence_entry
  WHERE CASE WHEN instr(entry, CAST('"passkey.vouched"' AS BLOB)) > 0
      AND json_valid(CAST(entry AS TEXT))
    THEN json_extract(CAST(entry AS TEXT), '$.type') = 'passkey.vouched'
      AND json_extract(CAST(entry AS TEXT), '$.to') = 'usable' END
  GROUP BY 1) AS told
WHERE told.id = passkey.id;
"""

# What is too old of what people and tickets were told.
_STATEMENTS_27: Final = """
CREATE INDEX letter_queued ON letter (queued_at); CREATE INDEX reminder_day ON reminder (day);
CREATE INDEX comment_queued ON comment (queued_at); CREATE INDEX digest_day ON digest (day);
"""

MIGRATIONS: Final = (
    _STATEMENTS_1, _STATEMENTS_2, _STATEMENTS_3, _STATEMENTS_4, _STATEMENTS_5, _STATEMENTS_6,
    _STATEMENTS_7, _STATEMENTS_8, _STATEMENTS_9, _STATEMENTS_10, _STATEMENTS_11, _STATEMENTS_12,
    _STATEMENTS_13, _STATEMENTS_14, _STATEMENTS_15, _STATEMENTS_16, _STATEMENTS_17, _STATEMENTS_18,
    _STATEMENTS_19, _STATEMENTS_20, _STATEMENTS_21, _STATEMENTS_22, _STATEMENTS_23, _STATEMENTS_24,
    _STATEMENTS_25, _STATEMENTS_26, _STATEMENTS_27, OF_THE_PAST, NAMING,
)  # fmt: skip
