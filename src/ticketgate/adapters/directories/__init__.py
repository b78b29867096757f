"""Directories: who exists, from a file, LDAP, Active Directory or SCIM."""
