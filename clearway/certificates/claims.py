"""What a seal states of its certificate: enough to judge the paper by, without the document.

The document itself has some 10 kB; a code that a telephone reads has a few hundred bytes. So a seal
names the certificate, commits to its whole content by digest, says where its status is told, and
may show the lines in short. Dates are whole days, masses whole grams.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from clearway.certificates.model import Key
from clearway.terms.places import Country


@dataclass(frozen=True, slots=True)
class Place:
    """Where the status of a certificate is told.

    Args:
        list_id: of the status list, unique within the issuing country, such as `851-1`.
        index: of the entry, from 0.
    """

    list_id: str
    index: int


@dataclass(frozen=True, slots=True)
class ClaimedLine:
    """Goods of one line in short.

    Args:
        number: of the line in the document.
        hs: HS code or heading, or "".
        name: botanical or other scientific name, else the description; a cut name ends in `…`.
        net_grams: net mass in whole grams; None where the document states none.
        packages: outermost packages; None where it states none.
    """

    number: int
    hs: str = ""
    name: str = ""
    net_grams: int | None = None
    packages: int | None = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """What an inspection seal says beyond the reference: the goods in short.

    Args:
        lines: the first lines, at most three.
        line_count: how many lines the document has.
        consignor, consignee: their names; a cut name ends in `…`.
        containers: number of a container, then its seals.
        container_count: how many containers the document names.
    """

    lines: tuple[ClaimedLine, ...]
    line_count: int
    consignor: str = ""
    consignee: str = ""
    containers: tuple[tuple[str, ...], ...] = ()
    container_count: int = 0


@dataclass(frozen=True, slots=True)
class Claims:
    """What a seal states.

    Args:
        type_code: UNECE 1001, such as `851`.
        issuing_country: of the authority.
        number: of the certificate, as the authority writes it.
        status: at issue, UNECE 4405; `70` issued.
        issued: day of issue, UTC.
        content_digest: SHA-256 of the document's content (`Certificate.content_digest`), 32 bytes.
        importing_country: None where the document names none.
        valid_until: last day on which it may be used, UTC; None: no end is stated.
        place: where its status is told; None: nowhere.
        secret_digest: commitment to the secret of single use (`single_use.commit`), 16 bytes.
        secret: the secret itself; only where the paper is the bearer of single use.
        inspection: the goods in short; None in a reference seal.
    """

    type_code: str
    issuing_country: Country
    number: str
    status: str
    issued: date
    content_digest: bytes
    importing_country: Country | None = None
    valid_until: date | None = None
    place: Place | None = None
    secret_digest: bytes | None = None
    secret: bytes | None = None
    inspection: Inspection | None = None

    @property
    def key(self) -> Key:
        """The certificate that is sealed."""
        return Key.of(self.type_code, self.issuing_country, self.number)

    @property
    def without_secret(self) -> Claims:
        """The same without a bearer's secret, to be shown, logged or sent on."""
        return replace(self, secret=None)
