"""What Prometheus may ask of a node."""

from __future__ import annotations

from prometheus_client import generate_latest

from clearway.api.metrics import Metrics

from .conftest import Border


def test_what_a_part_of_the_node_counts_is_shown_by_name(empty_border: Border) -> None:
    node = empty_border.node
    counts = {"committed": 7, "dropped": 0}
    node.counted["device_messages"] = lambda: counts
    metrics = Metrics(node)
    counts["dropped"] = 2
    shown = generate_latest(metrics.registry).decode()
    assert 'clearway_device_messages_total{what="committed"} 7.0' in shown
    assert 'clearway_device_messages_total{what="dropped"} 2.0' in shown
