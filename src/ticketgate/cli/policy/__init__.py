"""`policy`: what is allowed, handled as code."""
