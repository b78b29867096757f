"""Secrets to plant into tickets: none of them was ever one, and none stands here in one piece."""

from typing import Final

_BASE: Final = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY"
_LONG: Final = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
_PEM: Final = "-----BEGIN {0}PRIVATE " + "KEY-----\n{1}\n-----END {0}PRIVATE " + "KEY-----"

# name -> (text around it, where {} stands for the secret; the secret)
PLANTED: Final = {
    "aws key": ("use {} please", "AKIA" + "IOSFODNN7EXAMPLE"),
    "aws secret": ("the secret is\n{}", _BASE),
    "github": ("clone with {}", "ghp_" + _LONG),
    "github fine": ("clone with {}.", "github_pat_" + _LONG + "_" + _LONG),
    "gitlab": ("clone with {}", "glpat-" + _LONG[:20]),
    "slack": ("bot {}", "xoxb-" + "123456789012-" + _LONG[:24]),
    "slack hook": (
        "post to https://{}",
        "hooks.slack.com/services/" + "T00000000/B00000000/" + _LONG,
    ),
    "jwt": ("curl -H 'X: {}'", "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + _LONG),
    "jwt without signature": ("{}", "eyJhbGciOiJub25lIn0." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0."),
    "rsa": ("my key:\n{}\nthanks", _PEM.format("RSA ", _BASE)),
    "pkcs8": ("{}", _PEM.format("", _BASE)),
    "openssh cut": ("{}", _PEM.format("OPENSSH ", _BASE)[:70]),
    "google": ("maps {}", "AIza" + _LONG[:35]),
    "google client": ("{}", "GOCSPX-" + _LONG[:28]),
    "azure storage": ("AccountName=x;{}", "AccountKey=" + _BASE + "=="),
    "azure bus": ("Endpoint=sb://x;{}", "SharedAccessKey=" + _BASE),
    "azure client": ("app {} ok", "abc8Q~" + _LONG[:34]),
    "azure sas": ("https://x.example/b?sv=1&se=2{}", "&sig=" + _LONG + "%3D"),
    "stripe": ("pay {}", "sk_live_" + _LONG[:24]),
    "webhook": ("hook {}", "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    "url": ("see https://bob:{}@git.example/x", "hunter2-and-more"),
    "password": ("Password: {}", "Tr0ub4dor&3"),
    "password of digits": ("passcode = {}.", "48291357"),
    "password in german": ("Das Kennwort ist {}, danke", "Gr8seSchloss"),
    "password in quotes": ('{{"password": "{}"}}', "Pa$$word!x"),
    "environment": ("export DB_PASSWORD={}", "s3cr3t-of-db"),
    "bearer": ("Authorization: Bearer {}", "0123456789abcdefabcd"),
    "hex": ("token for the api {}", "9f86d081884c7d659a2feaa0c55ad015"),
    "npm": ("{}", "npm_" + _LONG),
    "vault": ("{}", "hvs." + _LONG),
    "age": ("{}", "AGE-SECRET-KEY-1" + "QQPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
    "openai": ("store {} please", "sk-" + "proj-" + _LONG + "_" + _LONG),
    "anthropic": ("{} leaked", "sk-" + "ant-api03-" + _LONG + "-" + _LONG),
    "atlassian": ("{} is what I used", "ATATT" + "3xFfGF0" + _LONG + "=1A2B"),
    "hugging face": ("{}", "hf" + "_" + _LONG),
    "grafana": ("{}", "glsa" + "_" + _LONG + "_12345678"),
    "shopify": ("{}", "shpat" + "_" + "0123456789abcdef" * 2),
    "on the next line": ("Password:\n{}\nthanks", "Tr0ub4dor&3"),
    "on the next line of windows": ("token =\r\n  {}", "Tr0ub4dor&3"),
    "pw": ("PW: {}", "Summer2026!"),
    "pw in a name": ("DB_PW={}", "Summer2026!"),
    "passwd": ("passwd: {}", "Summer2026!"),
    "passwort": ("Mein Passwort: {}", "Sommer2026!"),
    "passwort lautet": ("Das Passwort lautet {}", "Sommer2026!"),
    "hard spaces": ("the password\u00a0is\u00a0{}", "Summer2026!"),
    "slash and plus": ("secret: {}", "wJalrXUtn/EMI+bPxRfiCY"),
    "aws secret by its name": ("secret_access_key {}", _BASE),
    "curl": ("curl -u admin:{} https://x.example", "hunter-and-more"),
    "curl in quotes": ("CURL -s --user='bob@x.example:{}' x", "Pa:ss/word!"),
}
