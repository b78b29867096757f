"""Restoring: what a backup has lost is found again before anything is given."""
