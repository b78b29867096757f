"""Process: threads, sockets, logs and meters of the running gateway."""
