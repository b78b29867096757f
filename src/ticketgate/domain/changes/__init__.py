"""Changes: what a new policy or directory lets through that the old one did not."""
