"""Shapes that only a credential has: a prefix of its issuer, and a run of its alphabet."""

import re
from typing import Final, NamedTuple

MARK: Final = "⟦secret: "


class Span(NamedTuple):
    """Where a secret stands, its end behind it, and what it is."""

    start: int
    end: int
    name: str


class Shape(NamedTuple):
    """A prefix, the run that follows it, and the least length of that run."""

    prefix: str
    name: str
    run: re.Pattern[str]
    least: int


_WORD_RUN: Final = re.compile(r"[A-Za-z0-9]*")
_DASH_RUN: Final = re.compile(r"[A-Za-z0-9_-]*")
_DOT_RUN: Final = re.compile(r"[A-Za-z0-9_.-]*")
_TOKEN_RUN: Final = re.compile(r"[A-Za-z0-9_=-]*")
_UPPER_RUN: Final = re.compile(r"[A-Z0-9]*")
_HEX_RUN: Final = re.compile(r"[0-9a-f]*")
_BASE64_RUN: Final = re.compile(r"[A-Za-z0-9+/=%_-]*")
SHAPES: Final = (
    *(Shape(one, "aws key", _UPPER_RUN, 16) for one in ("AKIA", "ASIA", "ABIA", "ACCA")),
    *(Shape(f"gh{one}_", "github token", _WORD_RUN, 20) for one in "pousr"),
    Shape("github_pat_", "github token", _DASH_RUN, 20),
    Shape("glpat-", "gitlab token", _DASH_RUN, 16),
    *(Shape(f"xox{one}-", "slack token", _DASH_RUN, 10) for one in "abceoprs"),
    Shape("xapp-", "slack token", _DASH_RUN, 20),
    Shape("hooks.slack.com/services/", "slack webhook", _BASE64_RUN, 20),
    Shape("AIza", "google key", _DASH_RUN, 30),
    Shape("ya29.", "google token", _DOT_RUN, 20),
    Shape("GOCSPX-", "google secret", _DASH_RUN, 20),
    Shape("AccountKey=", "azure key", _BASE64_RUN, 20),
    Shape("SharedAccessKey=", "azure key", _BASE64_RUN, 20),
    Shape("SharedAccessSignature=", "azure key", _BASE64_RUN, 20),
    Shape("&sig=", "azure signature", _BASE64_RUN, 30),
    Shape("?sig=", "azure signature", _BASE64_RUN, 30),
    Shape("sk_live_", "stripe key", _WORD_RUN, 10),
    Shape("sk_test_", "stripe key", _WORD_RUN, 10),
    Shape("rk_live_", "stripe key", _WORD_RUN, 10),
    Shape("rk_test_", "stripe key", _WORD_RUN, 10),
    Shape("whsec_", "webhook secret", _BASE64_RUN, 16),
    Shape("npm_", "npm token", _WORD_RUN, 30),
    Shape("pypi-AgE", "pypi token", _DASH_RUN, 30),
    Shape("hvs.", "vault token", _DASH_RUN, 20),
    Shape("SG.", "sendgrid key", _DOT_RUN, 40),
    Shape("AGE-SECRET-KEY-1", "age key", _UPPER_RUN, 20),
    Shape("dop_v1_", "digitalocean token", _WORD_RUN, 30),
    Shape("sk-proj-", "openai key", _DASH_RUN, 20),
    Shape("sk-ant-", "anthropic key", _DASH_RUN, 20),
    Shape("ATATT3x", "atlassian token", _TOKEN_RUN, 20),
    Shape("hf_", "hugging face token", _WORD_RUN, 30),
    Shape("dckr_pat_", "docker token", _DASH_RUN, 20),
    Shape("dckr_oat_", "docker token", _DASH_RUN, 20),
    Shape("dapi", "databricks token", _HEX_RUN, 32),
    Shape("glsa_", "grafana token", _DASH_RUN, 20),
    *(Shape(f"shp{one}_", "shopify token", _WORD_RUN, 30) for one in ("at", "ca", "pa", "ss")),
)
