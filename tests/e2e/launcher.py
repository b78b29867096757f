"""A gateway whose sweeper never runs, and whose worker rests while a file lies there.

`python launcher.py CONFIG HOLD`: everything else is as `ticketgate serve` builds it.
"""

import os
import sys
from pathlib import Path
from typing import Final

from ticketgate.web.gateway_app import doors
from ticketgate.web.guard import GuardLimits
from ticketgate.web.server import serve
from ticketgate.wiring.commands import load
from ticketgate.wiring.gateway import Gateway
from ticketgate.wiring.telling import configure_logs

LOOK_AGAIN_SECONDS: Final = 0.05


def main(folder: Path, hold: Path) -> int:
    """Serve as configured in `folder`; the exit status."""
    configure_logs()
    configuration = load(folder, os.environ)
    gateway = Gateway(configuration)
    gateway._loops = [loop for loop in gateway._loops if loop.name != "housekeeping"]
    (deliveries,) = (loop for loop in gateway._loops if loop.name == "deliveries")
    step = deliveries._step
    deliveries._step = lambda: LOOK_AGAIN_SECONDS if hold.exists() else step()
    settings = configuration.settings
    return serve(doors(gateway), settings.host, settings.port, GuardLimits(), lambda _: None)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
