#!/bin/sh
# Tests of the MQTT 5 broker run Debian's mosquitto, started by themselves; root can install it here.
set -eu
if command -v mosquitto >/dev/null 2>&1 || [ -x /usr/sbin/mosquitto ]; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    # The package starts a broker of its own on the usual port; nobody here wants that one.
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mosquitto >/dev/null
    rm -f /usr/sbin/policy-rc.d
    exit 0
fi
echo "mosquitto is missing: install your system's package 'mosquitto'" >&2
exit 1
