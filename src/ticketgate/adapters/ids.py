"""The one source of randomness."""

import secrets


class RandomIds:
    """`ports.Ids` from the operating system's generator."""

    def ident(self, prefix: str) -> str:
        """`prefix` and 80 random bits as lower-case hex."""
        return f"{prefix}_{secrets.token_hex(10)}"

    def salt(self) -> bytes:
        """16 random bytes."""
        return secrets.token_bytes(16)

    def token(self) -> str:
        """256 bits, URL-safe."""
        return secrets.token_urlsafe(32)

    def code(self) -> str:
        """8 decimal digits."""
        return f"{secrets.randbelow(10**8):08d}"

    def seed(self) -> bytes:
        """32 random bytes: an Ed25519 private key."""
        return secrets.token_bytes(32)
