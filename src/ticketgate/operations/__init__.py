"""Verbs, one file each, one transaction each; what they need from outside is an argument."""
