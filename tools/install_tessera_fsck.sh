#!/bin/bash
# Builds Tessera's fsck, an independent reader of tlog-tiles, into .venv/bin for the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
version=1.0.4
bin="$PWD/.venv/bin"

if [ -x "$bin/fsck-tessera" ]; then
    echo "tessera fsck is there"
    exit 0
fi
if ! command -v go > /dev/null; then
    echo "Go is missing" >&2
    exit 1
fi
built="$(mktemp -d)"
trap 'rm -rf "$built"' EXIT
# Go verifies the module against its checksum database before it builds.
GOBIN="$built" CGO_ENABLED=0 go install "github.com/transparency-dev/tessera/cmd/fsck@v$version"
mv "$built/fsck" "$bin/fsck-tessera"
echo "tessera fsck $version is built"
