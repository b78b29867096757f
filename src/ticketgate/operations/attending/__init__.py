"""Attending: a named person sees to what waits for one."""
