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

OF_THE_PAST: Final = f"""
CREATE INDEX ticket_number ON ticket ({TICKET_NUMBER});
CREATE INDEX ticket_known_as ON ticket (ticket_id);
CREATE INDEX grant_unended ON access_grant (state, target)
  WHERE state NOT IN ('revoked', 'cancelled', 'released_shared', 'abandoned');
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
