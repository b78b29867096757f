"""Packs: vocabulary that comes with the gateway, named by a policy and read as strictly.

A pack is a file `packs/NAME.yaml` of this package with `version`, `pack` (its own name) and
`classify`. Its rules stand behind the policy's own, as `NAME.id`.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from ticketgate.adapters.config.weights_file import read_weights
from ticketgate.adapters.files.files import read_file
from ticketgate.adapters.files.places import Place
from ticketgate.adapters.files.strict_yaml import Report, parse
from ticketgate.domain.classifying.hints import HINT_IDS, OF_PACKS
from ticketgate.domain.policy.policy import ClassifyRule
from ticketgate.domain.text.language import LANGUAGES, Covered
from ticketgate.domain.text.weights import Weights

FOLDER: Final = Path(__file__).resolve().parents[2] / "packs"
PACKS: Final = ("helpdesk_phrases", "jira_request_types", "servicenow_catalog")

ReadRules = Callable[[str, Place | None], tuple[ClassifyRule, ...]]
"""Reads a list of classify rules; the first argument is the file that `where` names."""


class Extras(NamedTuple):
    """What a policy takes in from beside its own rules, with the digest of each file (hex)."""

    rules: tuple[ClassifyRule, ...]
    languages: Covered | None
    weights: Weights | None
    digests: tuple[tuple[str, str], ...]  # (`pack helpdesk_phrases`, digest)

    def digest_with(self, own: str) -> str:
        """The policy's digest: its file's own, unless it takes in others."""
        if not self.digests:
            return own
        lines = [f"policy {own}\n", *(f"{name} {digest}\n" for name, digest in self.digests)]
        return sha256("".join(lines).encode()).hexdigest()


class Named(NamedTuple):
    """The values of the keys `packs`, `languages` and `weights` of a policy, where they stand."""

    packs: Place | None
    languages: Place | None
    weights: Place | None


def read_extras(named: Named, path: Path, report: Report, read_rules: ReadRules) -> Extras:
    """What the policy at `path` takes in; faults go to its `report`."""
    rules: list[ClassifyRule] = []
    digests: list[tuple[str, str]] = []
    for name in _names(named.packs):
        found, digest = _read_pack(name, report, read_rules)
        rules += found
        digests.append((f"pack {name}", digest))
    languages = _read_languages(named.languages, path.name)
    weights = read_weights(named.weights, path.parent)
    if weights is not None:
        digests.append(("weights", weights.digest))
    return Extras(tuple(rules), languages, weights, tuple(digests))


def check_ids(own: Iterable[ClassifyRule], extras: Extras, report: Report) -> None:
    """No rule of the policy has the id of a pack's rule, or of what is told as if it were one."""
    taken = {rule.id for rule in extras.rules} | HINT_IDS
    for rule in own:
        if rule.id in taken:
            line = int(rule.where.rpartition(":")[2])
            report.add(line, "classify", f"the id {rule.id!r} is taken by a pack or a hint")


def _names(place: Place | None) -> tuple[str, ...]:
    names: list[str] = []
    for one in (place.some() if place else None) or ():
        name = one.choice(PACKS)
        if name in names:
            one.fault(f"the pack {name!r} is named twice")
        elif name is not None:
            names.append(name)
    return tuple(names)


def _read_pack(
    name: str, report: Report, read_rules: ReadRules
) -> tuple[tuple[ClassifyRule, ...], str]:
    inner = Report(f"{OF_PACKS}{name}.yaml")
    data = read_file(FOLDER / f"{name}.yaml", inner)
    node = None if data is None else parse(data, inner)
    top = None if node is None else Place(node, "", inner).section()
    rules: tuple[ClassifyRule, ...] = ()
    if top is not None:
        version, said = top.need("version"), top.need("pack")
        if version is not None:
            version.integer(1, 1)
        if said is not None:
            said.choice((name,))
        rules = read_rules(inner.file, top.need("classify"))
        top.close()
    report.faults += inner.faults
    digest = sha256(data or b"").hexdigest()
    return tuple(replace(rule, id=f"{name}.{rule.id}") for rule in rules), digest


def _read_languages(place: Place | None, file: str) -> Covered | None:
    read = [(one, one.choice(LANGUAGES)) for one in (place.some() if place else None) or ()]
    codes = tuple(code for _, code in read if code is not None)
    for one, code in read:
        if code is not None and codes.count(code) > 1:
            one.fault(f"the language {code!r} is named twice")
    if place is None or not codes:
        return None
    digest = sha256(" ".join(sorted(codes)).encode()).hexdigest()
    return Covered(codes, f"{file}:{place.line}", place.line, digest)
