#!/bin/sh
# Becomes a computer that has just been switched on: systemd as process 1, above a copy of this one's files that is lost at the end.
#
# usage: machine.sh FOLDER, in namespaces of its own (mount, pid, uts, ipc, net, cgroup); FOLDER is empty, and seen inside as /host
set -eu

folder=$1
layer=$folder/.layer root=$folder/.layer/root

mount --make-rprivate /
mkdir -p "$layer"
mount -t tmpfs -o mode=755 tmpfs "$layer"
mkdir "$layer/upper" "$layer/work" "$root"
mount -t overlay -o "lowerdir=/,upperdir=$layer/upper,workdir=$layer/work" overlay "$root"

# Nothing that this computer starts, and nobody's files.
rm -rf "$root"/etc/systemd/system/* "$root"/etc/rc?.d "$root/etc/fstab" "$root/usr/local/bin/gdp" "$root/opt/gdp"
: >"$root/etc/fstab"
tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"  # a computer without one enables what it likes
for unit in systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udev-trigger.service \
    systemd-timesyncd.service systemd-sysctl.service systemd-modules-load.service systemd-random-seed.service \
    systemd-binfmt.service systemd-pstore.service systemd-firstboot.service systemd-networkd.service systemd-resolved.service \
    proc-sys-fs-binfmt_misc.automount proc-sys-fs-binfmt_misc.mount dev-hugepages.mount dev-mqueue.mount \
    sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount \
    e2scrub_reap.service getty.target console-getty.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
for name in root home tmp run srv host; do
    mkdir -p "$root/$name"
    mount -t tmpfs -o mode=755 tmpfs "$root/$name"
done
chmod 700 "$root/root"
chmod 1777 "$root/tmp"
mount --bind "$folder" "$root/host"

# The kernel is everybody's: its switches can be seen and not moved.
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
for name in sys sysrq-trigger irq bus; do
    [ ! -e "$root/proc/$name" ] || mount --bind "$root/proc/$name" "$root/proc/$name"
    [ ! -e "$root/proc/$name" ] || mount -o remount,bind,ro "$root/proc/$name"
done
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for name in null zero full random urandom tty; do
    touch "$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
done

hostname machine
cd "$root"
mkdir .old
pivot_root . .old
umount -l /.old
rmdir /.old
exec setpriv --bounding-set=-sys_module,-sys_time,-sys_rawio,-syslog,-bpf,-perfmon \
    env -i container=machine PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin \
    /lib/systemd/systemd --unit=multi-user.target --log-target=journal --show-status=no
