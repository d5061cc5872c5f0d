"""Forms of pages, as a browser reads and sends them."""

from html.parser import HTMLParser

from httpx import Client, Response

#: What a browser says of a form of our own page.
OWN = {"Sec-Fetch-Site": "same-origin"}


class _Reader(HTMLParser):
    """Collects the fields of each form of a page, with the values that a browser would send."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._name = ""
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a form or a field, or choose an option."""
        named = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((named.get("action", ""), {}))
        if not self.forms:
            return
        fields = self.forms[-1][1]
        if tag == "input" and named.get("type") in {"checkbox", "radio"}:
            if "checked" in named:
                fields[named["name"]] = named["value"]
        elif tag in {"input", "textarea", "select"} and "name" in named:
            self._name, self._text = named["name"], ""
            fields[self._name] = named.get("value", "")
        elif tag == "option" and ("selected" in named or not fields.get(self._name)):
            fields[self._name] = named["value"]

    def handle_data(self, data: str) -> None:
        """Collect the text of a field of several lines."""
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        """End a field of several lines, whose first line break counts for nothing."""
        if tag == "textarea":
            self.forms[-1][1][self._name] = self._text.removeprefix("\n")


def form_fields(page: str, action: str, name: str) -> dict[str, str]:
    """Return what a browser sends of the form with this action that has the field ``name``."""
    reader = _Reader()
    reader.feed(page)
    return next(fields for path, fields in reader.forms if path == action and name in fields)


def post(client: Client, path: str, **data: str) -> Response:
    """Send a form from a page of ours."""
    return client.post(path, data=data, headers=OWN)
