"""Classifying: whether a ticket is an identity event, and what it touches."""
