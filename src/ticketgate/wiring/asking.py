"""What is asked of a running gateway over the control socket: may it be, and who answers it."""

import os
from collections.abc import Mapping
from typing import Any

from ticketgate.adapters.process.control import actor_name
from ticketgate.domain.errors import TicketgateError
from ticketgate.operations.evidence.checkpoint import Checkpointer
from ticketgate.operations.evidence.copying import COPY_WORDS, answer_copier
from ticketgate.operations.people.rights import word_of
from ticketgate.wiring.keeping import Keepers
from ticketgate.wiring.reloading import RELOAD, Reloader
from ticketgate.wiring.signing import KEY_WORDS, KeyHolder


def answered(
    actor: str,
    asked: Mapping[str, Any],
    keepers: Keepers,
    keys: KeyHolder | None,
    checkpointer: Checkpointer | None,
    reloader: Reloader,
) -> Mapping[str, Any]:
    """What `actor` (`os:uid@host`) asks over the control socket, or on this host without it.

    Raises:
        TicketgateError: code `not_allowed`, it is not for this account; or as who answers raises.
    """
    word = word_of(actor, asked, {actor_name(os.getuid()), actor_name(0)})
    if word in COPY_WORDS:
        return answer_copier(keepers.store, actor, asked, checkpointer)
    if word == RELOAD:
        return reloader.reload()
    if word not in KEY_WORDS:
        return keepers.carry_out(actor, asked)
    if keys is None or checkpointer is None:
        raise TicketgateError("this gateway signs nothing now", code="control")
    answer = keys.answer(actor, asked)
    checkpointer.sign()
    return answer
