#!/bin/sh
# Tests the extension and packs it into sfsync.vsix, in this folder or the one that is
# named. It needs node and npm. Nothing else is left behind.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "${1:-$here}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$here"/. "$work"
cp "$here/../../../LICENSE" "$work/LICENSE"
rm -rf "$work/node_modules"
cd "$work"
npm install --no-audit --no-fund --no-package-lock --ignore-scripts --loglevel=error
npm test
npm run --silent package
cp sfsync.vsix "$out/"
