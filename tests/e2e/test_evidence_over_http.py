"""The log over the real front: what a witness fetches leads from the tiles to the signed root."""

import requests
from tests.e2e.stage import Stage

from ticketgate.domain.log.checkpoint import parse_checkpoint
from ticketgate.domain.log.merkle import root_of
from ticketgate.domain.log.tiles import tiles_of


def get(stage: Stage, path: str) -> requests.Response:
    return requests.get(f"{stage.world.url}/evidence/{path}", timeout=15)


def test_the_tiles_of_the_checkpoint_have_its_root(stage: Stage) -> None:
    answer = get(stage, "checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    checkpoint = parse_checkpoint(answer.content).checkpoint
    tiles = [one for one in tiles_of(checkpoint.size) if one.level == 0]
    data = b"".join(get(stage, f"tile/{one.path}").content for one in tiles)
    assert root_of(data[at : at + 32] for at in range(0, len(data), 32)) == checkpoint.root


def test_entries_are_not_there_unless_it_is_said(stage: Stage) -> None:
    for path in ("tile/entries/000.p/1", "proof/0", "tile/0/x999/000", "nothing"):
        answer = get(stage, path)
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_found"
