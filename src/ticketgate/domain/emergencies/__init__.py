"""Emergencies: access without an approval beforehand, and the debt it leaves."""
