"""Nouns and rules. Standard library only; no I/O, no clock, no randomness, no logging.

A folder a subject, each named as in `operations` where that has it too. What stands beside the
folders is of no one subject: errors, records, time, strict JSON, settings, trying again.
"""
