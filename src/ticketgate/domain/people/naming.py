"""Naming: how people are told of a person of the directory."""

from ticketgate.domain.people.directory import DirectorySnapshot


def name_of(subject: str, snapshot: DirectorySnapshot) -> str:
    """The display name of a subject; the id of one whom the directory does not know."""
    person = snapshot.person(subject)
    return subject if person is None else person.name


def name_and_id(subject: str, snapshot: DirectorySnapshot) -> str:
    """Name and subject id: two people may share a name. Whom nobody knows has the id alone."""
    person = snapshot.person(subject)
    return subject if person is None else f"{person.name} ({subject})"
