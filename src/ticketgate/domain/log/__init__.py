"""Log: the tree, its signatures and anchors, and the state machines it records."""
