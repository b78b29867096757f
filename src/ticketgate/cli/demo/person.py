"""A person with a browser: fetches pages, fills in the forms that they hold, reads real mail."""

from html.parser import HTMLParser
from urllib.parse import urljoin

import requests
from typing_extensions import override

from ticketgate.cli.demo.servers import DemoError, Mailbox

LINK = r"(https?://\S+/approve/\S+)"
CODE = r"\b(\d{8})\b"


class Form:
    """A form as fetched: where it posts, and what it holds."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: dict[str, str] = {}
        self.names: set[str] = set()


class _Forms(HTMLParser):
    """Collects forms with their fields; a select gives its selected option."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select = ""

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", "")))
        elif self.forms and tag in {"input", "textarea", "select"}:
            self._field(tag, given)
        elif tag == "option" and self._select and "selected" in given:
            self.forms[-1].fields[self._select] = given.get("value", "")

    def _field(self, tag: str, given: dict[str, str]) -> None:
        form, name = self.forms[-1], given.get("name", "")
        form.names.add(name)
        if tag == "select":
            self._select = name
        elif given.get("type") not in {"radio", "checkbox"} or "checked" in given:
            form.fields[name] = given.get("value", "")


class Person:
    """One human with one browser session (cookies) and one mail address."""

    def __init__(self, name: str, address: str, mailbox: Mailbox) -> None:
        self.name = name
        self.address = address
        self._mailbox = mailbox
        self.browser = requests.Session()
        self.browser.trust_env = False
        self.page: requests.Response | None = None

    def close(self) -> None:
        """Close the browser."""
        self.browser.close()

    def link(self, since: int = 0) -> str:
        """The link in the newest mail to this person."""
        return self._mailbox.wait_for(self.address, LINK, since)

    def open(self, url: str) -> requests.Response:
        """Fetch a page."""
        self.page = self.browser.get(url, headers={"Accept": "text/html"}, timeout=15)
        return self.page

    def form(self, field: str) -> Form:
        """The form of the page that has a field of this name.

        Raises:
            DemoError: the page has none.
        """
        if self.page is None:
            raise DemoError("no page is open")
        parser = _Forms()
        parser.feed(self.page.text)
        for form in parser.forms:
            if field in form.names:
                return form
        raise DemoError(f"{self.page.url} ({self.page.status_code}) has no form with {field!r}")

    def post(self, form: Form, **filled: str) -> requests.Response:
        """Post a form as fetched, with what is filled in; follows redirects as browsers do."""
        if self.page is None:
            raise DemoError("no page is open")
        self.page = self.browser.post(
            urljoin(self.page.url, form.action),
            data={**form.fields, **filled},
            headers={"Accept": "text/html", "Referer": self.page.url},
            timeout=15,
        )
        return self.page

    def sign_in(self, url: str) -> requests.Response:
        """Open a link, have a code sent, and enter it; ends on the page of the link."""
        self.open(url)
        before = len(self._mailbox.mails)
        self.post(self.form("link"))
        code = self._mailbox.wait_for(self.address, CODE, before)
        return self.post(self.form("code"), code=code)

    def decide(self, decision: str, justification: str, **filled: str) -> requests.Response:
        """Fill in the form of the page that is open, and post it."""
        return self.post(
            self.form("decision"), decision=decision, justification=justification, **filled
        )
