"""Words that announce a secret, in several languages, as tickets are; and what stands behind them.

A word is a stem in lower case. All patterns are bounded, so that a look behind a word is.
"""

import re
from typing import Final

# Of passwords: what follows such a word without a sign may be one as well.
PASSWORDS: Final = (
    *("pass", "pwd", "kennwort", "wachtwoord", "contraseñ", "contrasen", "senha", "psk"),
    *("парол", "hasł", "haslo", "parola", "heslo", "geslo", "lozink", "lösenord", "losenord"),
    *("salasana", "jelszó", "jelszo", "şifre", "sifre", "kodeord", "adgangskode", "parool"),
    *("slaptažod", "κωδικό", "κωδικο", "סיסמ", "パスワード", "비밀번호", "密码", "密碼", "口令"),
    *("كلمة المرور", "كلمة السر", "รหัสผ่าน", "mật khẩu", "kata sandi"),
)
OTHERS: Final = (
    *("credential", "creds", "secret", "token", "bearer", "authorization", "totp"),
    *("mfa code", "2fa code", "verification code", "security code", "recovery code"),
)
WHOLE: Final = ("pw", "otp")  # only as a word, or as a part of a name with underscores
KEY: Final = "key"  # behind these only: a key may be of a door, or of a table
KEYS_OF: Final = (
    *("api", "access", "account", "private", "secret", "client", "encryption", "license", "shared"),
    *("wifi", "wi-fi", "wlan", "recovery"),
)
KEY_OF_CHARS: Final = 12

_BLANK: Final = r"[ \t\u00a0]"
_CLOSE: Final = (
    r"[\"'`)\]\\*]{0,4}"  # of quotes, escaped ones (JSON inside text), and of what is bold
)
_OPEN: Final = (
    r"[(\[\\]{0,3}(?:(?P<quote>[\"'`])(?:(?P=quote){1,2}(?=\w)|(?!(?P=quote))[\"'`(\[\\]{0,2})?)?"
)
# What a value goes on with: all but blanks, a tag, the quote that opened it, and one of a next key.
_ON: Final = (
    r"(?!(?P=quote)(?!\w)|<[/!?]?[A-Za-z!][^<>]{0,200}>|[\"'`][\w.-]{1,40}\\?[\"'`][ ]?[:=])\S"
)
_SIGN: Final = (
    rf"(?::=|=>|->|[:=→⇒])(?:[*_]{{1,3}}(?=\s))?{_BLANK}{{0,8}}(?:\r?\n{_BLANK}{{0,8}}){{0,2}}"
)
VALUE: Final = re.compile(  # right behind such a word; behind a sign it may begin on the next line
    r"(?:[ -](?:words?|phrase|code|keys?|value))?[^\W\d]{0,12}"
    rf"{_CLOSE}{_BLANK}{{0,8}}(?:{_SIGN}"
    rf"|\b(?:is|ist|are|lautet)\b{_BLANK}{{0,8}})(?:(?:bearer|basic){_BLANK}{{1,3}})?"
    rf"{_OPEN}(?P<value>[^\s\"'`<>](?:{_ON}){{5,511}})",
    re.IGNORECASE,
)
# The rest of such a word where others may stand between it and the value: no passport.
REST_OF_PASS: Final = re.compile(
    r"(?:[ _-]?(?:words?|worts?|wd|phrases?|codes?|ord|e))?s?(?![^\W_])", re.IGNORECASE
)
# Such a word of its own, or a part of a name: `passwordHash`, `pass_of_bob`; no passenger.
PASS_ON: Final = re.compile(
    r"(?P<rest>(?i:[ _-]?(?:word|wort|wd|phrase|code|key|ord)))"
    r"|(?i:e)?(?i:s)?(?![^\W\d_])|(?=[A-Z][a-z])"
)
# Other words end so. Before any other letters it is one of its own: `dbpass`.
PASS_ENDS: Final = ("by", "com", "sur", "tres", "over", "under", "im", "out")
OF_ITS_OWN: Final = ("token", "secret")  # no tokenizer, and no secretary
OF_ITS_OWN_ON: Final = re.compile(r"(?i:s)?(?:(?![^\W\d_])|(?<=[a-z])(?=[A-Z]))")
A_TEST: Final = re.compile(r"[ \t]{0,3}:[ \t]{0,3}tests?[_/.:]")  # of which a run says PASS
REST: Final = re.compile(rf"[^\W\d_]{{0,2}}{_CLOSE}(?![^\W_])")
SIGN: Final = re.compile(  # the edge of a cell is one as well
    rf"{_BLANK}{{0,8}}(?:{_SIGN}"
    rf"|\b(?:is|ist|are|was|lautet|est|es|é|è|är|jest|это)\b{_BLANK}{{1,8}})"
    rf"|([ \u00a0]{{0,3}}[\t|]{_BLANK}{{0,8}}(?:\r?\n{_BLANK}{{0,8}})?)",
    re.IGNORECASE,
)
BEHIND_SIGN: Final = re.compile(rf"{_OPEN}(?P<value>[^\s\"'`<>](?:{_ON}){{5,127}})")
BEHIND_WORD: Final = re.compile(rf"{_BLANK}{{1,3}}{_OPEN}(?P<value>[^\s\"'`<>]{{6,128}})")
BETWEEN: Final = re.compile(  # one word; a sentence ends at a full stop, and this with it
    rf"(?:{_BLANK}{{1,3}}|/)[(\[\"']?([\w@](?:[\w.@\u2019'/-]{{0,38}}\w)?)[)\]\"']?(?![^\s:=→⇒|/])"
)
BETWEEN_MAX: Final = 4  # words
# Words of which one leads to a value, at the first place, ...
GIVING: Final = frozenset(
    (
        *("for", "für", "fuer", "of", "pour", "para", "per", "voor", "för", "til", "dla"),
        *("для", "pro", "von", "vom", "de", "du", "di", "do", "da", "temporary", "temp", "new"),
        *("initial", "default", "old", "current", "vorläufig", "neu", "neues"),
    )
)
# ... at the last one ...
SETTING: Final = frozenset(("to", "new", "now", "neu", "auf", "zu", "à", "a", "на", "be"))
# ... and of which one leads to the name of somebody or something instead.
NAMING: Final = frozenset(
    (
        *("user", "users", "username", "userid", "benutzer", "benutzername", "utilisateur"),
        *("usuario", "account", "accounts", "konto", "employee", "id", "number", "no", "nr"),
        *("name", "email", "e-mail", "mail", "login", "logon", "ticket", "case", "incident"),
        *("request", "host", "hostname", "server", "computer", "pc", "laptop", "device", "asset"),
        *("workstation", "machine", "version", "os", "model", "reset", "change", "changed"),
        *("expired", "expires", "expiry", "policy", "issue", "problem", "forgotten", "unlock"),
        *("zurücksetzen", "rücksetzung", "since", "at", "on", "by", "length", "minimum"),
        *("requirement", "requirements", "rule", "rules", "complexity", "lifetime", "attempts"),
    )
)
PRODUCT: Final = re.compile(
    r"(?:ms|m|o|office|windows|win|outlook|exchange|server|excel|word|teams|sharepoint|sql|sap|s4|"
    r"ios|android|macos|adobe|acrobat|oracle|java|python|visio|project|dynamics|ie|vpn|wifi)"
    r"[-_/]?(?:server|365|[0-9]{1,4})[a-z]{0,2}[0-9]{0,3}",
    re.IGNORECASE,
)

_WORDS: Final = (
    r"pass[ _-]?(?:words?|wort|wd|phrase|code)?|pwd|kennwort|wachtwoord|contrase(?:ñ|n)a|senha"
    r"|mot de passe|credentials?|secrets?|tokens?|bearer|authorization"
)
NEAR: Final = re.compile(  # a key in a name, such as secret_access_key, is of these only
    rf"\b(?:{_WORDS}|keys?)\b|(?:{'|'.join(KEYS_OF)})_keys?\b", re.IGNORECASE
)
_IN_NAMES: Final = tuple(word for word in PASSWORDS if word not in {"pass", "psk"})
_NAMED: Final = re.compile(
    rf"\b(?:{_WORDS}|keys?|psk|{'|'.join(WHOLE)}|(?:{'|'.join(KEYS_OF)})keys?)\b"
    rf"|pass(?:word|wort|wd|phrase|code)|{'|'.join(_IN_NAMES)}"
)
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_JOINT: Final = re.compile(r"[\W_]+")


def names_secret(name: str) -> bool:
    """Whether the name of a variable names a secret: `u_initial_pw`, `initialPassword`."""
    apart = _JOINT.sub(" ", _HUMP.sub(" ", name)).lower()
    return _NAMED.search(apart) is not None or _NAMED.search(name.lower()) is not None
