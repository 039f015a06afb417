"""Rates of witness and feeder on this machine; run: python tests/node/measure_witness.py

Each request is a checkpoint of one more entry, with its proof; one client, one connection.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import httpx
import structlog

sys.path.insert(0, str(Path(__file__).parent))
from test_witnessing import opened

from clearway.ledger import checkpoint, witness
from clearway.ledger.note import split_note

COUNT = 400


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


def main() -> None:
    """Print the rates."""
    structlog.configure(processors=[structlog.processors.KeyValueRenderer()])
    with tempfile.TemporaryDirectory() as folder:
        a, b = (opened(Path(folder) / name, name) for name in ("a", "b"))
        with a.stack, b.stack:
            a.admit(b)
            b.admit(a)
            bodies, notes = [], []
            for _ in range(COUNT):
                a.grow()
                notes.append(a.node.log.note)
            old = 0
            for note in notes:
                size = checkpoint.parse(split_note(note)[0]).size
                with a.node.reading() as connection:
                    proof = a.node.log.consistency(connection, old, size) if old else []
                bodies.append(witness.request_of(old, proof, note).marshal())
                old = size
            state, keys = None, [a.node.log.verifier]
            began, cpu = time.perf_counter(), time.process_time()
            for body in bodies:
                answer = witness.add_checkpoint(state, keys, witness.parse_request(body))
                assert isinstance(answer, witness.Accepted)
                b.node.keys.cosigners[0].cosign(answer.text, b.node.wall())
                state = answer.state
            say(f"pure, parse to cosignature: {COUNT / (time.process_time() - cpu):,.0f}/s")
            with httpx.Client() as client:
                began, cpu = time.perf_counter(), time.process_time()
                for body in bodies:
                    answer = client.post(f"{b.url}/v1/witness/add-checkpoint", content=body)
                    assert answer.status_code == 200, answer.text
                wall, spent = time.perf_counter() - began, time.process_time() - cpu
            say(f"through HTTP, client too: {COUNT / wall:,.0f}/s, {COUNT / spent:,.0f} per CPU s")
            cpu, rounds = time.process_time(), 50
            recorded = 0.0
            for _ in range(rounds):
                before = time.process_time()
                a.grow()
                recorded += time.process_time() - before
                a.node.witnessing.round(is_patient=False)
            spent = time.process_time() - cpu - recorded
            say(f"a round, feeder and witness: {1000 * spent / rounds:.1f} ms CPU a checkpoint")


if __name__ == "__main__":
    main()
