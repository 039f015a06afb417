"""The map knows where every country lies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clearway.console.centroids import PLACES, SAMPLE_COUNTRY
from clearway.terms.countries import COUNTRIES

ATLAS = Path(__file__).parents[2] / "node_modules" / "world-atlas" / "countries-110m.json"
# The atlas at this scale draws only one of several islands, or leaves a border out.
_NOT_IN_THEIR_SHAPE = {"Bahamas", "Vanuatu", "Israel", "W. Sahara", "Philippines"}


def test_every_country_has_a_place_on_the_globe() -> None:
    assert set(PLACES) == set(COUNTRIES)
    assert all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in PLACES.values())


def test_the_sample_country_lies_in_the_sea_off_west_africa() -> None:
    longitude, latitude = PLACES[SAMPLE_COUNTRY]
    assert -30 < longitude < -15
    assert 0 < latitude < 15


def test_places_lie_inside_the_countries_of_the_atlas() -> None:
    if not ATLAS.exists():
        pytest.skip("world-atlas is absent: make assets fetches it")
    pycountry = pytest.importorskip("pycountry")
    world = json.loads(ATLAS.read_text())
    arcs = _arcs(world)
    outside = set()
    for shape in world["objects"]["countries"]["geometries"]:
        country = pycountry.countries.get(numeric=shape.get("id", ""))
        if country is None:
            continue
        polygons = [shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"]
        rings = [_ring(polygon[0], arcs) for polygon in polygons]
        if not any(_is_inside(PLACES[country.alpha_2], ring) for ring in rings):
            outside.add(shape["properties"]["name"])
    assert outside <= _NOT_IN_THEIR_SHAPE


Points = list[tuple[float, float]]


def _arcs(world: dict[str, Any]) -> list[Points]:
    (sx, sy), (tx, ty) = world["transform"]["scale"], world["transform"]["translate"]
    decoded = []
    for arc in world["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        decoded.append(points)
    return decoded


def _ring(places: list[int], arcs: list[Points]) -> Points:
    points: Points = []
    for place in places:
        points += arcs[place] if place >= 0 else arcs[~place][::-1]
    return points


def _is_inside(point: tuple[float, float], ring: Points) -> bool:
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside
