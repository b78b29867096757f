"""The outside: SQLite, files, clock, ids, mail, HTTP. Only wiring names them."""
