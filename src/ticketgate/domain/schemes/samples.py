"""Secrets that were published, in vendors' documentation and test suites: everybody holds them."""

import base64
from typing import Final

KNOWN_SAMPLES: Final = frozenset(
    {
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        "It's a Secret to Everybody",
        "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==",  # Zendesk signs every test webhook with it
    }
)
SAMPLE_KEYS: Final = frozenset(
    base64.b64decode(sample.removeprefix("whsec_"))
    if sample.startswith("whsec_")
    else sample.encode()
    for sample in KNOWN_SAMPLES
) | {b"this_secret_is_for_testing_only"}
