"""P-256 signatures (ECDSA with SHA-256, FIPS 186-5), as `docs/evidence-format.md` asks."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256


def verify(point: bytes, message: bytes, signature: bytes) -> bool:
    """`passkey.VerifyP256`: a point that is not on the curve, or not reduced, verifies nothing."""
    try:
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
        key.verify(signature, message, ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True
