"""People: who acts, how they sign in, and who is locked."""
