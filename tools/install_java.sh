#!/bin/sh
# Spark needs Java 17 or newer; root can install Debian's here.
set -eu
if command -v java >/dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends default-jre-headless >/dev/null
    exit 0
fi
echo "java is missing: install a Java runtime, version 17 or newer" >&2
exit 1
