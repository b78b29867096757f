"""Keys: signing, and verifying what others signed."""
