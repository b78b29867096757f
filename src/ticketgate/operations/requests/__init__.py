"""Requests: opened, asked again, escalated, reminded of, and the policy they are under."""
