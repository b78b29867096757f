"""Matching: three-valued conditions over the fields of a ticket."""
