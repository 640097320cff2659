#!/bin/sh
# In the machine: the real sensor of the installed package on each tier, and what it costs others.
echo "KERNEL  $(uname -r), $(bpftrace --version)"
# Without the service, which is the other part's subject: here it only would compile and measure beside the sensors.
mkdir /usr/lib/vigil && mount --bind installed /usr/lib/vigil
node=/usr/lib/vigil/node
cd kernel || exit 1
$node sensor.mjs chosen fentry
# A program that the kernel or bpftrace refuses although the probe could be attached: the other tier takes its place.
mkdir /tmp/broken
cp /usr/lib/vigil/bpf/*.bt /tmp/broken/
sed -i 's/^VIGIL_FEXIT:n_tty_write/VIGIL_FEXIT:n_tty_write_of_another_kernel/' /tmp/broken/terminal-fentry.bt
$node sensor.mjs fallback tracepoint /tmp/broken
$node cost.mjs
# The other part begins with a machine that has nothing of vigil.
cd / && umount /usr/lib/vigil && rmdir /usr/lib/vigil
