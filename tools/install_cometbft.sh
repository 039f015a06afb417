#!/bin/bash
# Builds the pinned CometBFT into .venv/bin with Go; does nothing if it is there already.
# Without Go: put the release binary of the same version beside .venv/bin/python yourself, after
# checking its SHA-256 against the release's checksum file, or name it by the setting cometbft_path.
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.38.25
bin="$PWD/.venv/bin"

if [ -x "$bin/cometbft" ] && [ "$("$bin/cometbft" version)" = "$version" ]; then
    echo "cometbft $version is there"
    exit 0
fi
if ! command -v go > /dev/null; then
    echo "Go is missing; see the head of $0 for the way without it" >&2
    exit 1
fi
mkdir -p "$bin"
# Go verifies the module against its checksum database before it builds.
GOBIN="$bin" CGO_ENABLED=0 go install "github.com/cometbft/cometbft/cmd/cometbft@v$version"
found="$("$bin/cometbft" version)"
if [ "$found" != "$version" ]; then
    echo "built cometbft $found instead of $version" >&2
    exit 1
fi
echo "cometbft $version is built"
