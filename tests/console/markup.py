"""What stands in a page: its elements, judged as a strict content policy and a designer would."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_LINKS = frozenset({"src", "href", "action", "hx-get", "hx-post", "data-source", "data-live"})
_OTHERS = frozenset({"", "/v1/ledger/key", "/v1/ledger/checkpoint"})
_PAGE_ELEMENTS = frozenset(
    """
    a b body br button circle code dd details dialog div dl dt fieldset footer form h1 h2 head
    header html img input kbd label legend li link main meta nav noscript ol option p path script
    section select span summary svg table tbody td th thead time title tr ul
    """.split()  # noqa: SIM905
)


@dataclass
class Markup(HTMLParser):
    """Elements with their attributes, and the text between them."""

    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @classmethod
    def of(cls, html: str) -> Markup:
        found = cls()
        found.feed(html)
        found.close()
        return found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def require_own(self) -> None:
        """Fail on an element, a handler or an address that no template of ours has."""
        for tag, attributes in self.elements:
            assert tag in _PAGE_ELEMENTS, tag
            for name, value in attributes.items():
                assert not name.startswith("on"), (tag, name)
                if name in _LINKS:
                    is_own = value.startswith(("/console", "#", "?cursor=")) or value in _OTHERS
                    assert is_own, (tag, name, value)
            if tag == "script" and "src" not in attributes:
                assert attributes.get("type") == "application/json"
