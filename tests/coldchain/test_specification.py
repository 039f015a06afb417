"""The examples and the numbers of docs/design/readings.md are true."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from clearway.coldchain import commodities, intake, treatment
from clearway.coldchain.formats import csv, json
from clearway.coldchain.model import Reading

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "design" / "readings.md").read_text(encoding="utf-8")


def blocks(kind):
    return re.findall(rf"```{kind}\n(.*?)```", TEXT, re.S)


def test_the_journey_of_the_example_is_read():
    journey = json.read_journey(blocks("json")[0].encode())
    assert commodities.get(journey.commodity).name == "Bananas, green"
    assert journey.loaded_pulp_c == 14.1


def test_the_batch_and_the_file_of_the_example_say_the_same():
    batch, findings = json.read(blocks("json")[1].encode())
    (other,), remarks = csv.read(
        blocks("csv")[0].encode(), device="reefer-0817", container="CSQU3054383"
    )
    assert findings == remarks == ()
    as_json = [replace(reading, seq=0) for reading in batch.readings]
    assert as_json == [replace(reading, seq=0) for reading in other.readings]
    intake.require_plausible(batch, batch.readings[-1].at)


def test_the_page_names_every_field_and_the_limits():
    for field in Reading.__slots__:
        assert f"`{field}`" in TEXT or f"readings[].{field}" in TEXT
    assert f"{intake.MOST_READINGS:,} readings" in TEXT
    assert f"{json.LIMITS.size_bytes // 1024} KiB" in TEXT
    assert f"{csv.LIMITS.size_bytes >> 20} MiB, {csv.MOST_ROWS:,} rows" in TEXT
    assert f"{intake.OLDEST.days} days old" in TEXT
    names = re.search(r"with the columns `(.*?)`", TEXT, re.S)[1]
    header = csv.write(json.read(blocks("json")[1].encode())[0]).splitlines()[0].decode()
    assert re.sub(r"\s+", "", names) == header


def test_every_finding_that_readers_tell_is_on_the_page():
    folder = ROOT / "clearway" / "coldchain" / "formats"
    told = {
        code for path in folder.glob("*.py") for code in re.findall(r"CC_C\d\d", path.read_text())
    }
    assert told <= set(re.findall(r"CC_C\d\d", TEXT))


def test_the_treatment_of_the_module_s_example_exists():
    assert treatment.CITRUS_16_DAYS.start_c == 1.0
