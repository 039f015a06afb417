"""One form for each name: words of the CBV as web URIs, CURIEs expanded.

    biz_step("arriving")                                # https://ref.gs1.org/cbv/BizStep-arriving
    biz_step("urn:epcglobal:cbv:bizstep:arriving")      # the same
    measurement_type("gs1:Temperature")                 # https://gs1.org/voc/Temperature
    identifier("urn:epc:id:sgln:4012345.00005.0")       # https://id.gs1.org/414/4012345000054
    extension("example:lot", {"example": "https://ns.example.com/"})   # {https://ns.example.com/}lot

What is none of these comes back as it was: whether it is allowed is for `check` to say.

Source: GS1 CBV 2.0; EPCIS 2.0 JSON-LD context; rules 14 to 18 of the CBV event hash.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from clearway.movements.epcis import digital_link, vocabulary
from clearway.movements.epcis.vocabulary import CBV, EPCIS, GS1

# Prefixes that everyone may use without declaring them (EPCIS 2.0 JSON-LD context).
PREFIXES: Mapping[str, str] = {
    "epcis": EPCIS,
    "cbv": CBV,
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "gs1": GS1,
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dcterms": "http://purl.org/dc/terms/",
}
_URNS = {
    "urn:epcglobal:cbv:bizstep:": f"{CBV}BizStep-",
    "urn:epcglobal:cbv:disp:": f"{CBV}Disp-",
    "urn:epcglobal:cbv:btt:": f"{CBV}BTT-",
    "urn:epcglobal:cbv:sdt:": f"{CBV}SDT-",
    "urn:epcglobal:cbv:er:": f"{CBV}ER-",
}
# Other spellings of the two namespaces, seen in documents and in the schema.
_SAME = {
    "https://www.gs1.org/voc/": GS1,
    "http://www.gs1.org/voc/": GS1,
    "http://gs1.org/voc/": GS1,
    "https://ref.gs1.org/voc/": GS1,
    "http://ref.gs1.org/cbv/": CBV,
    "https://ns.gs1.org/cbv/": CBV,
}
_BARE: Mapping[str, tuple[frozenset[str], str]] = {
    "biz_step": (vocabulary.BIZ_STEPS, f"{CBV}BizStep-"),
    "disposition": (vocabulary.DISPOSITIONS, f"{CBV}Disp-"),
    "biz_transaction_type": (vocabulary.BIZ_TRANSACTION_TYPES, f"{CBV}BTT-"),
    "source_dest_type": (vocabulary.SOURCE_DEST_TYPES, f"{CBV}SDT-"),
    "error_reason": (vocabulary.ERROR_REASONS, f"{CBV}ER-"),
    "component": (vocabulary.COMPONENTS, f"{CBV}Comp-"),
    "measurement_type": (vocabulary.MEASUREMENT_TYPES, GS1),
    "alert_type": (vocabulary.ALERT_TYPES, GS1),
}
KINDS = tuple(_BARE)
"""The kinds of words, each the name of a function here."""

_WORDS: Mapping[str, Mapping[str, str]] = {
    kind: {word: prefix + word for word in words} for kind, (words, prefix) in _BARE.items()
}


def uri(text: str) -> str:
    """Return a web URI for a URN of the CBV or a CURIE of the standard's prefixes."""
    if len(text) > digital_link.LONGEST_REMEMBERED:
        return _uri(text)
    return _remembered(text)


def _uri(text: str) -> str:
    prefix, colon, rest = text.partition(":")
    if not colon:
        return text
    if prefix in PREFIXES and not rest.startswith("//"):
        return PREFIXES[prefix] + rest
    for urn, web in _URNS.items() if prefix == "urn" else _SAME.items():
        if text.startswith(urn):
            return web + text[len(urn) :]
    return text


_remembered = lru_cache(maxsize=16_384)(_uri)


def _word(kind: str) -> Callable[[str], str]:
    words = _WORDS[kind]

    def canonical(text: str) -> str:
        return words.get(text) or uri(text)

    canonical.__doc__ = f"Return the web URI of a {kind.replace('_', ' ')}."
    return canonical


biz_step = _word("biz_step")
disposition = _word("disposition")
biz_transaction_type = _word("biz_transaction_type")
source_dest_type = _word("source_dest_type")
error_reason = _word("error_reason")
component = _word("component")
measurement_type = _word("measurement_type")
alert_type = _word("alert_type")


def words(kind: str) -> Mapping[str, str]:
    """Return the bare words of a kind with their web URIs."""
    return _WORDS[kind]


def bare(kind: str, text: str) -> str:
    """Return the bare word of a web URI, as JSON-LD writes it; other URIs as they are.

    Args:
        kind: the name of one of the functions above, such as `biz_step`.
    """
    words, prefix = _BARE[kind]
    word = text.removeprefix(prefix)
    return word if word in words else text


def urn(text: str) -> str:
    """Return the URN of a web URI of the CBV, as EPCIS 1.2 wants it; others as they are."""
    for old, web in _URNS.items():
        if text.startswith(web):
            return old + text[len(web) :]
    return text


def identifier(text: str) -> str:
    """Return the form in which identifiers are compared.

    EPC URNs and Digital Links of any domain become the Digital Link at id.gs1.org with the finest
    identification and without a query string; CURIEs are expanded; all else is as it was.
    """
    return digital_link.canonical(text) or uri(text)


def extension(name: str, prefixes: Mapping[str, str]) -> str | None:
    """Return `{namespace}local` for `prefix:local`, `namespace#local` or `{namespace}local`.

    Args:
        prefixes: declared by the document or the caller; those of the standard need not be.

    Returns: None: the prefix is not declared.
    """
    if name.startswith("{"):
        return name
    prefix, colon, local = name.partition(":")
    if colon and not local.startswith("//"):
        namespace = prefixes.get(prefix) or PREFIXES.get(prefix)
        if namespace is not None:
            return f"{{{namespace}}}{local}"
    for mark in ("#", "/"):
        namespace, found, local = name.rpartition(mark)
        if found and ":" in namespace:
            return f"{{{namespace}{mark}}}{local}" if mark == "/" else f"{{{namespace}}}{local}"
    return None


def split_uri(text: str) -> str | None:
    """Return `{namespace}local` for the URI of a field; the mark between belongs to the namespace.

    Returns: None: it is no URI with a path, or has no local name.
    """
    for mark in ("#", "/") if "//" in text else ("#", ":"):
        namespace, found, local = text.rpartition(mark)
        if found and local and ":" in namespace and not namespace.endswith("/"):
            return f"{{{namespace}{mark}}}{local}"
    return None
