"""The independent verifier: one file that goes into each bundle, and shares no code with us."""
