"""Verbs, one file each, one transaction each; what they need from outside is an argument.

The way of a ticket: `intake`, `classifying`, `requests`, `deciding`, `grants`. `workers` take each
step, `evidence` holds and hands out what was recorded, `telling` lets people know. `emergencies`
are the way without an approval beforehand. What people ask for at pages and commands is in `desks`.
`people` and `own_keys` say who somebody is, `cases` what waits for a named person, `attending` how
they see to it. `restoring` follows a backup, `trying` changes nothing. `outbox` is of them all.
"""
