"""Own keys: the passkeys of people, and who vouches for them."""
