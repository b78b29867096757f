"""Config: the files of a deployment, read into settings and policy."""
