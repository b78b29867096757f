"""The doors: an ASGI front, the intake for machines, Flask for people. No rules here."""
