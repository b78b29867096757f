"""Intake: a delivery becomes durable, and what is odd about a revision is told."""
