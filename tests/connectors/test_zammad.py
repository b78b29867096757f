"""The description of a ticket of Zammad, which only the first article tells."""

from typing import Any

import pytest
from tests.connectors.itsm_contract import Says
from tests.connectors.itsm_hosted import ZAMMAD_PLATFORM, zammad

from ticketgate.connector_api import FIELD_TEXT_MAX, Missing, SourceMapping, TableMapping


def body(first: int | None = 104, **article: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """A hook of a ticket whose first article is `first`, with the article of the change."""
    made = zammad(Says())
    made["ticket"]["article_ids"] = [] if first is None else [first, 105]
    made["article"] = article or None
    return made


@pytest.mark.parametrize(
    ("sent", "description", "told_in"),
    [
        (body(id=104, body="toner"), "toner", "104"),
        (body(id=105, body="ordered"), Missing.ABSENT, "104"),
        (body(), Missing.ABSENT, "104"),
        (body(id=104), Missing.ABSENT, None),
        (body(id=104, body="x" * (FIELD_TEXT_MAX + 1)), Missing.ABSENT, None),
        (body(None, id=104, body="toner"), Missing.ABSENT, None),
    ],
    ids=["first", "later", "none", "without text", "too long", "no article known"],
)
def test_the_description_is_the_first_article(
    sent: dict[str, Any], description: str | Missing, told_in: str | None
) -> None:
    """Of a first article that is here and cannot be read, no earlier text is to be taken."""
    found = ZAMMAD_PLATFORM.read(sent)
    assert found.value("description") == description
    assert found.told_in.get("description") == told_in


def test_a_description_of_the_operators_own_is_told_each_time() -> None:
    for path in (None, "note", "article.body"):
        table = TableMapping("ticket", map={"description": path})
        mapping = SourceMapping("desk", {"ticket": table})
        assert ZAMMAD_PLATFORM.read(body(id=105, body="x"), mapping).told_in == {}


def test_an_empty_description_that_must_be_there_is_not_the_one_told_before() -> None:
    table = TableMapping("ticket", must_have=frozenset({"description"}))
    mapping = SourceMapping("desk", {"ticket": table})
    found = ZAMMAD_PLATFORM.read(body(id=104, body=""), mapping)
    assert (found.value("description"), found.told_in) == (Missing.ABSENT, {})
    later = ZAMMAD_PLATFORM.read(body(id=105, body="x"), mapping)
    assert later.told_in == {"description": "104"}


@pytest.mark.parametrize(
    ("value", "is_cut"), [("x" * (FIELD_TEXT_MAX + 1), True), ("x", False), ([[1]], False)]
)
def test_an_attribute_that_was_cut_leaves_no_text_that_could_acquit(
    value: Any,  # noqa: ANN401 -- any JSON
    *,
    is_cut: bool,
) -> None:
    sent = body()
    sent["ticket"]["why"] = value
    assert (ZAMMAD_PLATFORM.read(sent).value("text") is Missing.ABSENT) is is_cut
