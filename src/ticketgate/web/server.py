"""Running the front: uvicorn with the guard, one process, one port."""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Final

import uvicorn
from typing_extensions import override

from ticketgate.web.guard import GuardLimits, guarded
from ticketgate.web.problems import Message, Receive, Send

GRACE_SECONDS: Final = 10  # for the requests under way when asked to stop
BACKLOG: Final = 2048
STARTUP_FAILED: Final = 3  # as the commands' "could not do it"

AsgiApp = Callable[[Message, Receive, Send], Awaitable[None]]


class Server(uvicorn.Server):
    """A server that says when it is ready and leaves quietly when asked."""

    def __init__(
        self,
        config: uvicorn.Config,
        on_ready: Callable[[int], None],
        on_hangup: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_hangup = on_hangup

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._on_hangup is not None:  # in the loop, so that no signal interrupts another
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._on_hangup)
        await super().startup(sockets)
        for listener in sockets or []:
            self._on_ready(listener.getsockname()[1])

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            # Past the grace: a reader that has stopped would keep uvloop from closing for good.
            connection.transport.abort()
        await asyncio.sleep(0)  # so that they are gone before the loop is

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # uvicorn would raise the signal again at the end, and the exit status would be -15.
        self.should_exit = True


def build(
    app: AsgiApp,
    limits: GuardLimits,
    on_ready: Callable[[int], None],
    on_hangup: Callable[[], None] | None = None,
) -> Server:
    """The server, not yet running; `run(sockets=[...])` serves until `should_exit`."""
    return Server(
        uvicorn.Config(
            app,
            interface="asgi3",
            http=guarded(limits),
            loop="uvloop",
            ws="none",
            lifespan="on",
            proxy_headers=False,  # the default trusts X-Forwarded-* from loopback
            server_header=False,
            access_log=False,
            log_config=None,
            log_level="error",  # a malformed request is not worth a line
            backlog=BACKLOG,
            timeout_graceful_shutdown=GRACE_SECONDS,
        ),
        on_ready,
        on_hangup,
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError: the address is not to be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def serve(
    app: AsgiApp,
    host: str,
    port: int,
    limits: GuardLimits,
    on_ready: Callable[[int], None],
    on_hangup: Callable[[], None] | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT; the exit status: 0, or 3 when the start failed.

    `on_ready` gets the bound port once requests are answered; `on_hangup` is called at a SIGHUP,
    which without it ends the process. Raises OSError as `listen` does, before anything is started.
    """
    with listen(host, port) as listener:
        try:
            build(app, limits, on_ready, on_hangup).run(sockets=[listener])
        except SystemExit:
            return STARTUP_FAILED
    return 0
