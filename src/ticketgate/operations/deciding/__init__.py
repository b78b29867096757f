"""Deciding: one decision function, what a link shows, what is signed, and taking it back."""
