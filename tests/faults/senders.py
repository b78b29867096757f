"""ITSM platforms that post without a pause, and send again what was not acknowledged."""

import threading
import time
from typing import Any, Final, Self

import requests

from ticketgate.cli.demo.snow import Record, Snow

AGAIN_SECONDS: Final = 0.05
GIVE_UP_SECONDS: Final = 20.0
ACKNOWLEDGED: Final = 202

Receipt = dict[str, Any]


class Senders:
    """Some threads that post printer incidents. `acked` maps webhook ids to what was answered."""

    def __init__(self, snow: Snow, count: int) -> None:
        self._snow = snow
        self._stopping = threading.Event()
        self._give_up = float("inf")
        self.acked: dict[str, Receipt] = {}
        self.refusals: list[requests.Response] = []
        self._threads = [
            threading.Thread(target=self._send, args=(number,)) for number in range(1, count + 1)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Post nothing new; what is not acknowledged yet is sent until it is, within limits."""
        self._give_up = time.monotonic() + GIVE_UP_SECONDS
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    @property
    def count(self) -> int:
        """How many deliveries were acknowledged."""
        return len(self.acked)

    def _send(self, number: int) -> None:
        snow = Snow(self._snow.url, self._snow.secret, made=number * 10_000)
        while not self._stopping.is_set():
            record = snow.incident("The printer on the third floor is out of paper")
            while not self._acknowledged(snow, record) and time.monotonic() < self._give_up:
                time.sleep(AGAIN_SECONDS)

    def _acknowledged(self, snow: Snow, record: Record) -> bool:
        webhook_id = f"{record.sys_id}-0"
        try:
            answer = snow.post(record, webhook_id=webhook_id)
        except requests.RequestException:
            return False
        if answer.status_code != ACKNOWLEDGED:
            self.refusals.append(answer)
            return False
        self.acked[webhook_id] = answer.json()
        return True
