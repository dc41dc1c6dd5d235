#!/bin/sh
# Installs the Chromium that the tests of the web page drive, where there is none and apt-get can.
# Without it the other tests still run, so this only says what to do, and never fails.

found() {
  for name in "${CHROMIUM:-chromium}" chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null && return 0
  done
  return 1
}

found && exit 0

if command -v apt-get >/dev/null && test "$(id -u)" = 0; then
  echo "Installing Chromium for the tests of the web page; this takes about a minute."
  export DEBIAN_FRONTEND=noninteractive
  said=$({ apt-get update && apt-get install --yes --no-install-recommends chromium; } 2>&1)
  found && exit 0
  echo "$said" | tail -n 5 >&2
fi

echo "The tests of the web page will fail, for they drive Chromium: install it with" \
  "'apt-get install chromium', or name one in the environment variable CHROMIUM." >&2
