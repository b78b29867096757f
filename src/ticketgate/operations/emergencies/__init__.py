"""Emergencies: invoked or claimed, consented to, and reviewed."""
