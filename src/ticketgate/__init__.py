"""ticketgate: a ticket becomes access that a named person approved, that ends, and that can be checked."""
