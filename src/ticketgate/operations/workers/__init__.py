"""Workers: what goes on by itself, one step and one transaction at a time."""
