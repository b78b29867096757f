"""Rendering: templates are read once at start, compiled at their first use, and kept compiled."""

from typing import Final

import flask
import jinja2
from jinja2.bccache import Bucket
from typing_extensions import override

from ticketgate.domain.instants import duration_text
from ticketgate.domain.text.visible import visible
from ticketgate.web.navigation import record_link
from ticketgate.web.replies import clocked, exact, instant, roughly, stamp, told


class _Compiled(jinja2.BytecodeCache):
    """Templates that this process has compiled, by name, place and text.

    Compiling them all takes most of a start; an application that is made again finds them here.
    """

    def __init__(self) -> None:
        self._by_text: dict[tuple[str, str], bytes] = {}

    @override
    def load_bytecode(self, bucket: Bucket) -> None:
        kept = self._by_text.get((bucket.key, bucket.checksum))
        if kept is not None:
            bucket.bytecode_from_string(kept)

    @override
    def dump_bytecode(self, bucket: Bucket) -> None:
        self._by_text[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


_COMPILED: Final = _Compiled()


def prepare_templates(app: flask.Flask) -> None:
    """Read every template of the application, so that none is read while it serves.

    An upgrade that changes the files under a gateway that runs changes no page of it.
    """
    env = app.jinja_env
    env.undefined = jinja2.StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    env.filters.update(told=told, visible=visible, instant=instant, exact=exact)
    env.filters.update(stamp=stamp, clocked=clocked)
    env.filters.update(lasting=duration_text, roughly=roughly)
    env.globals["record_link"] = record_link
    env.bytecode_cache = _COMPILED
    loader = app.jinja_env.loader
    if loader is None:
        raise TypeError("an application without templates")
    read = {name: loader.get_source(env, name) for name in env.list_templates()}
    env.loader = jinja2.FunctionLoader(read.get)
