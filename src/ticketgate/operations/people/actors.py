"""Actors: the random ids that stand for directory subjects in evidence."""

from ticketgate.domain.evidence import Disclosure, Draft
from ticketgate.ports import Transaction


def actor_of(tx: Transaction, subject: str) -> str:
    """The actor id of a subject; minted, with its mapping as a disclosure, at first use."""
    known = tx.people.actor(subject)
    if known is not None:
        return known
    actor = tx.new_id("act")
    tx.append(disclosed_actor(subject, actor))
    tx.people.add_actor(subject, actor)
    return actor


def clause_of(clause: str, actor: str) -> str:
    """The word by which an actor acts as a record has it: `person:` would tell who that is."""
    return f"person:{actor}" if clause.startswith("person:") else clause


def disclosed_actor(subject: str, actor: str) -> Draft:
    """The record that tells, in a disclosure, whom an actor stands for."""
    hidden = Disclosure("subject", subject, subject=subject, kind="actor")
    return Draft("actor.minted", {"actor": actor}, (hidden,))
