"""Cases: what a person must look at, and the patterns of approvals that are one."""
