"""Cases: what somebody named must look at, and the patterns that open them."""
