#!/usr/bin/env bash
# Builds the image and tries it (`npm run image:test`): with buildah, which needs no daemon, on a base made here by
# test/image/base.sh where the published one is not at hand. Takes minutes the first time, so CI's own run leaves it out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

skip() {
  echo "the image was not tried: $1"
  exit 0
}
[ "$(uname -s)" = Linux ] || skip "buildah's chroot isolation is Linux's"
[ "$(id -u)" -eq 0 ] || skip "mounting, and entering what was mounted, need root"
missing=()
for tool in buildah debootstrap; do command -v "$tool" >/dev/null || missing+=("$tool"); done
if [ "${#missing[@]}" -gt 0 ]; then
  command -v apt-get >/dev/null || skip "${missing[*]} cannot be had here"
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "${missing[@]}"; } \
    >/dev/null || skip "${missing[*]} could not be installed"
fi

base="$(sed -n 's/^ARG BASE=//p' Dockerfile)"
test/image/base.sh "$base"
export SNOWGATE_IMAGE=localhost/snowgate:trial
buildah bud --isolation chroot --pull-never --format docker --layers --quiet --tag "$SNOWGATE_IMAGE" .
npm run --silent build
npx vitest run test/image "$@"
