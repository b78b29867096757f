"""Verifying: what a log proves, folded again from its own records."""
