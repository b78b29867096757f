"""Lines of the vectors that are nearly right: entries, checkpoints, keys, lines of trust files."""

from collections.abc import Mapping, Sequence
from typing import Final

from ticketgate.domain.evidence import Json

ACCEPTED: Final[tuple[str, ...]] = (
    "{}",
    '{"_prev":"","_seq":0,"_ts":"","a":1}',
    '{"a":"","a0":1,"a_":2,"aa":3,"b":4}',
    '{"a":[],"b":{},"c":[{}],"d":[[]]}',
    '{"a":9007199254740991,"b":-9007199254740991,"c":0}',
    '{"a":true,"b":false,"c":null}',
    r'{"a":"\"\\/\b\t\n\f\r"}',
    r'{"a":"\u0000\u0001\u000b\u001f"}',
    '{"a":"\x7f\x80\x9f\u2028\u2029\ufeff\uffff"}',
    '{"a":"é\u0301ß\U0001f512\U0010ffff"}',
    '{"a":[[[[[[[]]]]]]]}',
)


def _no(why: str, line: str | bytes) -> Mapping[str, Json]:
    """A line that is refused; in hex where it is not UTF-8."""
    if isinstance(line, bytes):
        return {"hex": line.hex(), "why": why}
    return {"line": line, "why": why}


REFUSED: Final[tuple[Mapping[str, Json], ...]] = (
    _no("nothing", ""),
    _no("not an object", "[]"),
    _no("not an object", '"a"'),
    _no("not JSON", '{"a":1'),
    _no("not JSON", '{"a":01}'),
    _no("not JSON", "{'a':1}"),
    _no("a comma too many", '{"a":1,}'),
    _no("two objects", "{}{}"),
    _no("a space outside strings", '{"a": 1}'),
    _no("a space outside strings", '{"a":1} '),
    _no("a final newline", '{"a":1}\n'),
    _no("a carriage return", '{"a":1}\r'),
    _no("a byte order mark", '\ufeff{"a":1}'),
    _no("keys out of order", '{"b":1,"a":2}'),
    _no("keys out of order", '{"a":1,"_ts":2}'),
    _no("a key twice", '{"a":1,"a":1}'),
    _no("a key twice, spelled with an escape", r'{"a":1,"\u0061":1}'),
    _no("a key in capitals", '{"A":1}'),
    _no("an empty key", '{"":1}'),
    _no("a key that begins with a digit", '{"0a":1}'),
    _no("a key that begins with _", '{"_a":1}'),
    _no("a key with a hyphen", '{"a-b":1}'),
    _no("a key beyond ASCII", '{"é":1}'),
    _no("such a key further down", '{"a":[{"A":1}]}'),
    _no("a fraction", '{"a":1.0}'),
    _no("a fraction", '{"a":0.5}'),
    _no("an exponent", '{"a":1e2}'),
    _no("minus zero", '{"a":-0}'),
    _no("plus", '{"a":+1}'),
    _no("2^53", '{"a":9007199254740992}'),
    _no("-2^53", '{"a":-9007199254740992}'),
    _no("no number", '{"a":NaN}'),
    _no("no number", '{"a":-Infinity}'),
    _no("an escape for what needs none", r'{"a":"\u0061"}'),
    _no("an escape for what needs none", r'{"a":"\/"}'),
    _no("an escape for what needs none", r'{"a":"\u007f"}'),
    _no("an escape for what needs none", r'{"a":"\ud83d\udd12"}'),
    _no("a short escape in its long form", r'{"a":"\u000a"}'),
    _no("an escape in capitals", r'{"a":"\u001F"}'),
    _no("a control character without an escape", '{"a":"\t"}'),
    _no("a lone surrogate", r'{"a":"\ud800"}'),
    _no("surrogates in the wrong order", r'{"a":"\udd12\ud83d"}'),
    _no("nine objects and arrays inside each other", '{"a":[[[[[[[[]]]]]]]]}'),
    _no("not UTF-8", b'{"a":"\xff"}'),
    _no("UTF-8 that is too long", b'{"a":"\xc0\xaf"}'),
    _no("a surrogate in UTF-8", b'{"a":"\xed\xa0\x80"}'),
    _no("beyond U+10FFFF", b'{"a":"\xf4\x90\x80\x80"}'),
    _no("UTF-16", '{"a":1}'.encode("utf-16-le")),
)


def refused_notes(good: str) -> list[Json]:
    """Checkpoints that are not in form, each made from a good one."""
    origin, size, root, _, line, _ = good.split("\n")
    wrong = {
        "carriage returns": good.replace("\n", "\r\n"),
        "no final newline": good.removesuffix("\n"),
        "an empty line at the end": good + "\n",
        "no empty line": good.replace("\n\n", "\n"),
        "two empty lines": good.replace("\n\n", "\n\n\n"),
        "no signature line": good.partition("\n\n")[0] + "\n\n",
        "a hyphen": good.replace("\u2014", "-"),
        "an en dash": good.replace("\u2014", "\u2013"),
        "two spaces": good.replace("\u2014 ", "\u2014  "),
        "a no-break space": good.replace("\u2014 ", "\u2014\u00a0"),
        "a tab in the origin": good.replace(origin, f"{origin}\t"),
        "a space in the origin": good.replace(f"{origin}\n", f"{origin} x\n"),
        "a plus in the origin": good.replace(f"{origin}\n", f"{origin}+x\n"),
        "a next-line character (U+0085)": good.replace(f"{origin}\n", f"{origin}\u0085\n"),
        "an empty origin": good.replace(f"{origin}\n", "\n", 1),
        "a leading zero": good.replace(f"\n{size}\n", f"\n0{size}\n"),
        "another script's digit": good.replace(f"\n{size}\n", "\n\u0665\n"),
        "minus": good.replace(f"\n{size}\n", f"\n-{size}\n"),
        "2^53 records": good.replace(f"\n{size}\n", f"\n{2**53}\n"),
        "a root of 31 bytes": good.replace(root, root[:40] + "AA=="),
        "a root without padding": good.replace(root, root[:-1]),
        "a root with unused bits": good.replace(root, root[:42] + "B="),
        "an extension line": good.replace(f"{root}\n", f"{root}\nextension\n"),
        "a signature of no bytes": good.replace(line.split(" ")[2], "AAAAAA=="),
        "a signature without padding": good.replace(line, line.rstrip("=")),
        "65 signature lines": good + f"{line}\n" * 64,
    }
    return [{"note": note, "why": why} for why, note in wrong.items()]


def refused_trust(log: str, witness: str, again: Sequence[str]) -> list[Json]:
    """Trust files that are none; `again` are the log's key under another name, and as a witness."""
    start = f"log {log}\nwitness w {witness}\n"
    wrong = {
        "no log": f"witness w {witness}\nquorum w\n",
        "no quorum": start,
        "two quorums": f"{start}quorum w\nquorum none\n",
        "an unknown word": f"{start}quorum w\nbelieve everybody\n",
        "a key of another type": f"log {witness}\nquorum none\n",
        "the same key twice": f"{start}log {log}\nquorum none\n",
        "the same public key under another name": f"{start}log {again[0]}\nquorum none\n",
        "the same public key as a witness": f"{start}witness x {again[1]}\nquorum none\n",
        "a key id that is not the key's": f"{start}quorum w\n".replace("+", "+0", 1),
        "a name twice": f"{start}group w any w\nquorum w\n",
        "a name that is not defined above": f"{start}quorum g\ngroup g any w\n",
        "a member of two groups": f"{start}group g any w\ngroup h any w\nquorum g\n",
        "a group that asks for more than it has": f"{start}group g 2 w\nquorum g\n",
        "a group that asks for none": f"{start}group g 0 w\nquorum g\n",
        "none as a member": f"{start}group g any none\nquorum g\n",
        "a carriage return": f"{start}quorum w\r\n",
        "an end of a whole vkey": f"{start}quorum w\nend {log} 3\n",
        "an end with a leading zero": f"{start}quorum w\nend nobody+00000000 03\n",
    }
    return [{"file": file, "why": why} for why, file in wrong.items()]
