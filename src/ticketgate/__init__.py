"""ticketgate: a ticket becomes access that a named person approved, and that really ends."""
