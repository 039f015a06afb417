"""This node at a hub: one round sends, takes and learns; a worker goes round by itself.

    with opened(node) as hub:
        report = hub.round()

What goes out stands in `hub_sending`, what comes in in `hub_taking`. After a failure the next round
waits, longer each time; nothing is lost by it: what is due stays due, what waits stays at the hub.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

from clearway.connectors.ippc_hub import tls, word
from clearway.connectors.ippc_hub.client import HubClient, Unreachable
from clearway.errors import ClearwayError, InputError, MustStop
from clearway.node.hub_desk import HubDesk, Report
from clearway.node.hub_sending import Sending
from clearway.node.hub_taking import Taking
from clearway.node.node import Node
from clearway.settings import Settings
from clearway.terms.places import Country

logger = structlog.get_logger()
_LONGEST_PAUSE_S: Final = 900.0


class Hub:
    """One hub, as this node uses it."""

    def __init__(self, desk: HubDesk) -> None:
        self.client = desk.client
        self._sending, self._taking = Sending(desk), Taking(desk)

    def round(self) -> Report:
        """Send, take and learn, once. Raises: Unreachable: the link. MustStop: our store."""
        report = Report()
        self._sending.send(report)
        self._taking.take(report)
        self._sending.learn(report)
        return report


def client_of(settings: Settings) -> HubClient:
    """Return a client of the hub that the settings name. Raises: InputError: they name none."""
    if not settings.hub_url:
        raise InputError("No hub is named; set hub_url, hub_certificate, hub_key and hub_authority")
    paths = (settings.hub_certificate, settings.hub_key, settings.hub_authority)
    for name, path in zip(("hub_certificate", "hub_key", "hub_authority"), paths, strict=True):
        if not path:
            raise InputError(f"The setting {name} is empty; name the PEM file that the hub gave")
    return HubClient(settings.hub_url, tls.client_context(*map(Path, paths)))


def country_of(settings: Settings) -> Country:
    """Return the country under which this node is known to the hub. Raises: BadTerm: none."""
    return Country(settings.hub_country or settings.country)


@contextmanager
def opened(node: Node) -> Iterator[Hub]:
    """Give the hub of an open node's settings. Raises: InputError: they name none."""
    with client_of(node.settings) as client:
        yield Hub(HubDesk(node, client, country_of(node.settings)))


class HubWorker:
    """Goes round in a thread of its own; use as a context manager inside the open node."""

    def __init__(self, node: Node, hub: Hub) -> None:
        self._node, self._hub = node, hub
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hub", daemon=True)

    def __enter__(self) -> HubWorker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        failures, pause = 0, 0.0
        while not self._ended.wait(pause) and self._node.failure is None:
            try:
                report = self._hub.round()
                failures, pause = 0, float(self._node.settings.hub_seconds)
                if not report.is_empty:
                    logger.info("hub_round", **report.numbers())
            except MustStop as error:
                logger.critical("hub_stopped", detail=error.detail)
                return
            except ClearwayError as error:
                failures += 1
                pause = word.pause_s(failures, _LONGEST_PAUSE_S, random.random())
                is_link = isinstance(error, Unreachable)
                logger.warning("hub_round_failed", is_link=is_link, detail=error.detail)


@contextmanager
def hub_served(node: Node) -> Iterator[None]:
    """Go round while a node serves, if its settings name a hub. Raises: InputError: wrong files."""
    if not node.settings.hub_url:
        yield
        return
    with opened(node) as hub, HubWorker(node, hub):
        yield
