"""Anchors: witnesses, time stamps and buckets that vouch for the log."""
