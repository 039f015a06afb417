"""Units of UN/ECE Recommendation 20 that trade uses, with exact factors inside each dimension.

A unit is a name, a dimension and the exact factor to that dimension's base unit. Pieces are a
dimension of their own and never become mass. Packages (Recommendation 21 codes, which
Recommendation 20 writes with an X before them) count things of unlike size, so each kind is a
dimension of its own; `CT` and `XCT` are two spellings of one.

Source: UN/ECE Recommendation 20 (units), 21 (packages); factors of the international yard and pound
agreement (1959), the UK and US definitions of gallon and hundredweight, and the SI brochure.
Radian and pound-force are rounded to the digits shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: amount in base = (amount + offset) * factor."""

    name: str
    dimension: str
    factor: Fraction
    offset: Fraction = Fraction(0)


_LINEAR: dict[str, tuple[tuple[str, str, str], ...]] = {
    "mass": (
        ("KGM", "kilogram", "1"),
        ("GRM", "gram", "1/1000"),
        ("MGM", "milligram", "1/1000000"),
        ("HGM", "hectogram", "1/10"),
        ("DTN", "decitonne (quintal)", "100"),
        ("TNE", "tonne", "1000"),
        ("KTN", "kilotonne", "1000000"),
        ("CTM", "metric carat", "1/5000"),
        ("LBR", "pound", "0.45359237"),
        ("ONZ", "ounce", "0.028349523125"),
        ("APZ", "troy ounce", "0.0311034768"),
        ("CWA", "hundred pounds", "45.359237"),
        ("CWI", "hundredweight (UK)", "50.80234544"),
        ("STN", "short ton", "907.18474"),
        ("LTN", "long ton", "1016.0469088"),
    ),
    "volume": (
        ("LTR", "litre", "1"),
        ("MLT", "millilitre", "1/1000"),
        ("CLT", "centilitre", "1/100"),
        ("DLT", "decilitre", "1/10"),
        ("HLT", "hectolitre", "100"),
        ("MTQ", "cubic metre", "1000"),
        ("DMQ", "cubic decimetre", "1"),
        ("CMQ", "cubic centimetre", "1/1000"),
        ("GLL", "gallon (US)", "3.785411784"),
        ("GLI", "gallon (UK)", "4.54609"),
        ("BLL", "barrel (US, oil)", "158.987294928"),
        ("INQ", "cubic inch", "0.016387064"),
        ("FTQ", "cubic foot", "28.316846592"),
    ),
    "alcohol": (
        ("LPA", "litre of pure alcohol", "1"),
        ("HPA", "hectolitre of pure alcohol", "100"),
    ),
    "length": (
        ("MTR", "metre", "1"),
        ("MMT", "millimetre", "1/1000"),
        ("CMT", "centimetre", "1/100"),
        ("DMT", "decimetre", "1/10"),
        ("HMT", "hectometre", "100"),
        ("KMT", "kilometre", "1000"),
        ("INH", "inch", "0.0254"),
        ("FOT", "foot", "0.3048"),
        ("YRD", "yard", "0.9144"),
        ("SMI", "mile", "1609.344"),
        ("NMI", "nautical mile", "1852"),
    ),
    "area": (
        ("MTK", "square metre", "1"),
        ("CMK", "square centimetre", "1/10000"),
        ("DMK", "square decimetre", "1/100"),
        ("HAR", "hectare", "10000"),
        ("KMK", "square kilometre", "1000000"),
        ("FTK", "square foot", "0.09290304"),
        ("YDK", "square yard", "0.83612736"),
    ),
    "energy": (
        ("KWH", "kilowatt hour", "3600000"),
        ("MWH", "megawatt hour", "3600000000"),
        ("GWH", "gigawatt hour", "3600000000000"),
        ("JOU", "joule", "1"),
        ("KJO", "kilojoule", "1000"),
        ("3B", "megajoule", "1000000"),
        ("D30", "terajoule", "1000000000000"),
    ),
    "time": (
        ("SEC", "second", "1"),
        ("MIN", "minute", "60"),
        ("HUR", "hour", "3600"),
        ("DAY", "day", "86400"),
        ("WEE", "week", "604800"),
        ("C26", "millisecond", "1/1000"),
        ("B98", "microsecond", "1/1000000"),
    ),
    "pieces": (
        ("C62", "one", "1"),
        ("H87", "piece", "1"),
        ("PCE", "piece", "1"),
        ("NAR", "number of articles", "1"),
        ("EA", "each", "1"),
        ("PR", "pair", "2"),
        ("NPR", "number of pairs", "2"),
        ("DZN", "dozen", "12"),
        ("DPC", "dozen pieces", "12"),
        ("DPR", "dozen pairs", "24"),
        ("CEN", "hundred", "100"),
        ("GRO", "gross", "144"),
        ("MIL", "thousand", "1000"),
        ("MIO", "million", "1000000"),
    ),
    "sets": (("SET", "set", "1"),),
    "packs": (("NMP", "number of packs", "1"),),
    "rolls": (("NRL", "number of rolls", "1"),),
    "proportion": (
        ("P1", "per cent", "1/100"),
        ("59", "part per million", "1/1000000"),
        ("61", "part per billion (US)", "1/1000000000"),
    ),
}

# What sensors measure and trade does not count in.
_MEASURED: dict[str, tuple[tuple[str, str, str], ...]] = {
    "pressure": (
        ("PAL", "pascal", "1"),
        ("A97", "hectopascal", "100"),
        ("KPA", "kilopascal", "1000"),
        ("MPA", "megapascal", "1000000"),
        ("MBR", "millibar", "100"),
        ("BAR", "bar", "100000"),
        ("ATM", "standard atmosphere", "101325"),
        ("PS", "pound-force per square inch", "6894.757293168361"),
    ),
    "density": (
        ("KMQ", "kilogram per cubic metre", "1"),
        ("A93", "gram per cubic metre", "1/1000"),
        ("GP", "milligram per cubic metre", "1/1000000"),
        ("GQ", "microgram per cubic metre", "1/1000000000"),
        ("23", "gram per cubic centimetre", "1000"),
        ("GL", "gram per litre", "1"),
        ("M1", "milligram per litre", "1/1000"),
    ),
    "concentration": (
        ("C36", "mole per cubic metre", "1"),
        ("C35", "mole per cubic decimetre", "1000"),
    ),
    "voltage": (("VLT", "volt", "1"), ("2Z", "millivolt", "1/1000"), ("KVT", "kilovolt", "1000")),
    "current": (("AMP", "ampere", "1"), ("4K", "milliampere", "1/1000")),
    "resistance": (("OHM", "ohm", "1"), ("B49", "kiloohm", "1000"), ("B75", "megaohm", "1000000")),
    "power": (
        ("WTT", "watt", "1"),
        ("C31", "milliwatt", "1/1000"),
        ("KWT", "kilowatt", "1000"),
        ("MAW", "megawatt", "1000000"),
    ),
    "illuminance": (("LUX", "lux", "1"), ("KLX", "kilolux", "1000")),
    "acceleration": (
        ("MSK", "metre per second squared", "1"),
        ("A76", "gal", "1/100"),
        ("K40", "standard acceleration of free fall", "9.80665"),
    ),
    "speed": (
        ("MTS", "metre per second", "1"),
        ("2M", "centimetre per second", "1/100"),
        ("KMH", "kilometre per hour", "5/18"),
        ("HM", "mile per hour", "0.44704"),
        ("KNT", "knot", "463/900"),
    ),
    "frequency": (
        ("HTZ", "hertz", "1"),
        ("KHZ", "kilohertz", "1000"),
        ("MHZ", "megahertz", "1000000"),
        ("A86", "gigahertz", "1000000000"),
    ),
    "volume flow": (
        ("MQS", "cubic metre per second", "1"),
        ("MQH", "cubic metre per hour", "1/3600"),
        ("L2", "litre per minute", "1/60000"),
        ("40", "millilitre per second", "1/1000000"),
    ),
    "force": (("NEW", "newton", "1"), ("B47", "kilonewton", "1000")),
    "radioactivity": (("BQL", "becquerel", "1"), ("2Q", "kilobecquerel", "1000")),
    "absorbed dose": (("A95", "gray", "1"), ("C13", "milligray", "1/1000")),
    "dose equivalent": (("D13", "sievert", "1"), ("C28", "millisievert", "1/1000")),
    "magnetic flux density": (("D33", "tesla", "1"), ("C29", "millitesla", "1/1000")),
    # The degree is the base, so that the angles which positions are told in stay exact; a radian
    # is rounded to 32 digits.
    "angle": (
        ("DD", "degree of angle", "1"),
        ("D61", "minute of angle", "1/60"),
        ("D62", "second of angle", "1/3600"),
        ("C81", "radian", "57.295779513082320876798154814105"),
        ("C25", "milliradian", "0.057295779513082320876798154814105"),
    ),
    "angular velocity": (
        ("2A", "radian per second", "57.295779513082320876798154814105"),
        ("M46", "revolution per minute", "6"),
    ),
    "amount of substance": (("C34", "mole", "1"), ("C18", "millimole", "1/1000")),
    "molality": (("C19", "mole per kilogram", "1"),),
    "specific volume": (("A39", "cubic metre per kilogram", "1"),),
    "surface density": (("28", "kilogram per square metre", "1"),),
    "luminous intensity": (("CDL", "candela", "1"),),
    "luminous flux": (("LUM", "lumen", "1"),),
    "luminance": (("A24", "candela per square metre", "1"),),
    "irradiance": (("D54", "watt per square metre", "1"),),
    "electric charge": (("COU", "coulomb", "1"),),
    "electric field strength": (("D50", "volt per metre", "1"),),
    "capacitance": (("FAR", "farad", "1"), ("C10", "millifarad", "1/1000")),
    "inductance": (("81", "henry", "1"),),
    "magnetic flux": (("WEB", "weber", "1"),),
    "conductance": (("SIE", "siemens", "1"),),
    "torque": (("NU", "newton metre", "1"),),
    "dynamic viscosity": (("C65", "pascal second", "1"),),
    # A decibel is a logarithm: it never becomes another unit.
    "level": (("2N", "decibel", "1"),),
    "memory": (
        ("AD", "byte", "1"),
        ("A99", "bit", "1/8"),
        ("2P", "kilobyte", "1000"),
        ("4L", "megabyte", "1000000"),
        ("E34", "gigabyte", "1000000000"),
    ),
}

_TEMPERATURES = (
    ("KEL", "kelvin", Fraction(1), Fraction(0)),
    ("CEL", "degree Celsius", Fraction(1), Fraction("273.15")),
    ("FAH", "degree Fahrenheit", Fraction(5, 9), Fraction("459.67")),
)

_PACKAGES = {
    "BA": "barrel",
    "BE": "bundle",
    "BG": "bag",
    "BL": "bale, compressed",
    "BN": "bale, not compressed",
    "BO": "bottle, not protected",
    "BX": "box",
    "CA": "can, rectangular",
    "CG": "cage",
    "CN": "container",
    "CR": "crate",
    "CS": "case",
    "CT": "carton",
    "CY": "cylinder",
    "DR": "drum",
    "JR": "jar",
    "KG": "keg",
    "NE": "unpacked",
    "PA": "packet",
    "PK": "package",
    "PL": "pail",
    "PX": "pallet",
    "RO": "roll",
    "SA": "sack",
    "TB": "tub",
    "TN": "tin",
    "TY": "tank, cylindrical",
    "VY": "bulk, solid, fine particles",
}


def _every_unit() -> dict[str, Unit]:
    units = {
        code: Unit(name, dimension, Fraction(factor))
        for dimension, rows in (*_LINEAR.items(), *_MEASURED.items())
        for code, name, factor in rows
    }
    for code, name, factor, offset in _TEMPERATURES:
        units[code] = Unit(name, "temperature", factor, offset)
    for code, name in _PACKAGES.items():
        units["X" + code] = Unit(name, f"packages: {name}", Fraction(1))
        # Who writes KG means kilograms and must be told, not be taken to mean kegs.
        if code != "KG":
            units[code] = units["X" + code]
    return units


UNITS: dict[str, Unit] = _every_unit()
