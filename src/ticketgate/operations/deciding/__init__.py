"""Deciding: one decision function, what is signed with it, and taking it back."""
