#!/usr/bin/env bash
# Makes a base image of the name that the Dockerfile asks for, where no registry of images can be asked: Debian by
# debootstrap, with this machine's node, npm, certificates and registry. It stands in for the published one in the
# trial of the image, and for nothing else. Needs root, buildah and debootstrap.
set -euo pipefail
name="$1"

if buildah inspect --type image "$name" >/dev/null 2>&1; then
  echo "base: $name is there"
  exit 0
fi
suite=bookworm
# The mirrors that this machine asks, whatever they are called here.
mirror_of() {
  apt-get indextargets --format '$(REPO_URI)' "Codename: $1" 'Component: main' | sed -n 's|/*$||;1p'
}
mirror="$(mirror_of "$suite")"
security="$(mirror_of "$suite-security")"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
root="$work/root"
debootstrap --variant=minbase "$suite" "$root" ${mirror:+"$mirror"} >"$work/log" 2>&1 ||
  { tail -20 "$work/log" >&2; exit 1; }
if [ -n "$security" ]; then
  echo "deb $security $suite-security main" >>"$root/etc/apt/sources.list"
fi
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*

# As in the published image: node and npm below /usr/local, and a user node with the id 1000.
node="$(readlink -f "$(command -v node)")"
npm="$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")"
install -D -m 755 "$node" "$root/usr/local/bin/node"
mkdir -p "$root/usr/local/lib/node_modules" "$root/usr/local/etc"
cp -a "$npm" "$root/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
chroot "$root" groupadd --gid 1000 node
chroot "$root" useradd --uid 1000 --gid node --shell /bin/bash --create-home node
echo "registry=$(npm config get registry)" >"$root/usr/local/etc/npmrc"

environment=()
bundle="${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}"
if [ -f "$bundle" ]; then
  install -D -m 644 "$bundle" "$root/usr/local/share/machine-ca.pem"
  environment=(--env NODE_EXTRA_CA_CERTS=/usr/local/share/machine-ca.pem)
fi
tar -C "$root" -cf "$work/root.tar" .
container="$(buildah from scratch)"
buildah add --quiet "$container" "$work/root.tar" / >/dev/null
buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  --label snowgate.base=local "${environment[@]}" --cmd node "$container"
# Under localhost/, where it is found by its short name and taken by nobody for the published one.
buildah commit --quiet --rm "$container" "localhost/$name" >/dev/null
echo "base: localhost/$name made from Debian $suite and node $(node --version)"
