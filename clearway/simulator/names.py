"""Invented names of firms and ships: syllables put together, no firm that exists is meant."""

from __future__ import annotations

from clearway.simulator.streams import Generator

_FIRST = "Ko Ma Be La So Ta Ri Ne Va Do Pe Lu Si Ga Fa Mo Ze No Hi Ju Ka Te Wa Bo Sa Mi Ra Du Le Ve"
_SECOND = "ra lin mar ven dor sil tan bel gor nik lan rus mon tes var kel din fer los min pur zan"
_THIRD = "a o is en ar ix um el on us ia et"
_TRADES: dict[str, tuple[str, ...]] = {
    "fish": ("Seafood", "Fish Trading", "Marine Foods"),
    "meat": ("Meats", "Protein Foods", "Meat Trading"),
    "fruit": ("Fresh", "Fruit", "Produce"),
    "vegetable": ("Produce", "Greens", "Farms"),
    "flower": ("Flowers", "Flora"),
    "dairy": ("Dairy", "Creameries"),
    "pharma": ("Pharma", "Medical", "Health"),
    "staple": ("Commodities", "Agro", "Trading"),
    "drink": ("Beverages", "Spirits & Wine"),
    "textile": ("Textiles", "Garments", "Apparel"),
    "footwear": ("Footwear", "Shoes"),
    "electronic": ("Electronics", "Digital", "Systems"),
    "cosmetic": ("Beauty", "Cosmetics"),
    "household": ("Home", "Household", "Living"),
    "vehicle": ("Motors", "Cycles", "Automotive"),
    "industry": ("Industries", "Engineering", "Machinery"),
    "broker": ("Customs Agents", "Clearing & Forwarding", "Logistics"),
}
_FORMS: dict[str, str] = {
    "DE": "GmbH", "NL": "B.V.", "FR": "S.A.", "IT": "S.p.A.", "ES": "S.A.", "BR": "Ltda",
    "CL": "S.A.", "PE": "S.A.C.", "EC": "S.A.", "CO": "S.A.S.", "CN": "Co. Ltd", "NO": "AS",
}  # fmt: skip
_SHIPS = (
    "Aster Bay", "Boreal Tern", "Cape Linnet", "Dawn Heron", "Estuary Star", "Fjord Petrel",
    "Gannet Rock", "Harbour Lark", "Isle of Sedge", "Juniper Sound", "Kestrel Point",
    "Lagoon Pearl", "Mistral Wren",
)  # fmt: skip


def firm(rng: Generator, trade: str, country: str) -> str:
    """Return an invented name, such as `Komaria Seafood Ltd`."""
    parts = (_FIRST.split(), _SECOND.split(), _THIRD.split(), _TRADES[trade])
    first, second, third, line = (part[int(rng.integers(len(part)))] for part in parts)
    return f"{first}{second}{third} {line} {_FORMS.get(country, 'Ltd')}"


def ship(rng: Generator) -> str:
    """Return an invented name of a ship, such as `MV Cape Linnet`."""
    return f"MV {_SHIPS[int(rng.integers(len(_SHIPS)))]}"


def variant(rng: Generator, name: str) -> str:
    """Return a name that the same people might register next: a word, a form or letters differ."""
    root, *line = name.split(" ")
    form = line.pop() if line else ""
    ways = int(rng.integers(5))
    if ways == 0:
        form = str(rng.choice(("Ltd", "Limited", "Company Ltd", "Enterprise", "& Sons Ltd")))
    elif ways == 1:
        line = [str(rng.choice(("Trading", "Imports", "International", "Global", "General Goods")))]
    elif ways == 2:
        root = misspelt(rng, root)
    elif ways == 3:
        line, form = [*line, str(rng.choice(("2", "New", "Group", "West")))], form
    else:
        root, line = misspelt(rng, root), line[:1]
    return " ".join(part for part in (root, *line, form) if part)


def misspelt(rng: Generator, word: str) -> str:
    """Return a word with two letters exchanged, one doubled, or one left out."""
    if len(word) < 4:
        return word
    at = int(rng.integers(1, len(word) - 2))
    kind = int(rng.integers(3))
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[: at + 1] + word[at:]
    return word[:at] + word[at + 1 :]
