"""Requests: one entitlement for one person, who may decide it, and what a decision is."""
