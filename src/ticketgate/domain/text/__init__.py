"""Text: what a text says to a reader, whatever its writer did to hide it."""
