"""People: who acts, how they sign in, how newly they are known, and who is locked."""
