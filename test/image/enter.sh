#!/bin/sh
# What `docker run --read-only --tmpfs /tmp --tmpfs /run -v SOURCE:TARGET...` makes of an image's files, by hand: run
# inside new mount and process namespaces (`unshare --mount --pid --fork`), it becomes process 1 of the container.
#   enter.sh ROOT UID:GID [SOURCE:TARGET:ro|rw ...] -- [NAME=VALUE ...] PROGRAM ARGUMENT...
set -eu
root="$1"
user="$2"
shift 2
mount --make-rprivate /
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
for folder in tmp run dev; do mount -t tmpfs -o mode=1777 tmpfs "$root/$folder"; done
for device in null zero random urandom; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
while [ "$1" != -- ]; do
  source="${1%%:*}"
  target="${1#*:}"
  mode="${target##*:}"
  target="$root${target%:*}"
  # Below a tmpfs it can be made; elsewhere the image must have it.
  [ -e "$target" ] || mkdir -p "$target"
  mount --bind "$source" "$target"
  [ "$mode" = rw ] || mount -o remount,bind,ro "$target"
  shift
done
shift
exec chroot --userspec="$user" --groups="" "$root" /usr/bin/env -i "$@"
