#!/bin/sh
# Runs in the container of run.sh, as a service; says what it found, one line each, then DONE.
cd /vigil-test || exit 1
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

check() { # what, command...
	what=$1
	shift
	if said=$("$@" 2>&1); then echo "ok      $what"; else echo "FAILED  $what: $(echo "$said" | tail -n 3 | tr '\n' ' ')"; fi
}
# Waits until a command succeeds; emulated machines take their time.
within() { # seconds, command...
	left=$1
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || { "$@"; return 1; }
		sleep 1
	done
}
is() { [ "$1" = "$2" ] || { echo "it is '$1', not '$2'"; return 1; }; }
show() { systemctl show -P "$1" vigil; }
install_package() { dpkg -i "$1" >/tmp/dpkg.log 2>&1 || { cat /tmp/dpkg.log; return 1; }; }
reads() { systemctl is-active "$1" | grep -qx "$2"; }
says() { "$1" "$2" 2>&1 | grep -q "$3" || { "$1" "$2" 2>&1 | tail -n 5; return 1; }; }
agent_is() { vigil agents --json | grep -q "\"state\": *\"$1\"" || { vigil agents; return 1; }; }
restarted() { [ "$(show NRestarts)" -gt "$1" ] && reads vigil active; }

# shellcheck disable=SC1091
echo "MACHINE  $(. /etc/os-release && echo "$PRETTY_NAME"), Linux $(uname -r), $(bpftrace --version), systemd $(systemctl --version | head -n 1)"
useradd --create-home ann
loginctl enable-linger ann
uid=$(id -u ann)

check 'dpkg -i' install_package vigil.deb
check 'it is active once dpkg is done' reads vigil active
check 'it is enabled for the next boot' systemctl is-enabled --quiet vigil
check 'the old name answers' reads ebpf-ai-monitor active
check 'group vigil' getent group vigil
check 'systemd knows its status' says show StatusText 'tier'
echo "MACHINE  status: $(show StatusText)"
vigil health
check 'the log has priorities' sh -c 'journalctl -u vigil -p info -o cat | grep -q "vigil is watching"'
check 'shielded from the OOM killer' is "$(show OOMScoreAdjust)" -900
echo "SANDBOX $(systemd-analyze security --no-pager vigil | tail -n 1)"
check 'exposure at most 4.0' systemd-analyze security --no-pager --threshold=40 vigil

# Agents of a user who was there before the service, and of one who logs in now: helpers write in both's folders.
cp /usr/bin/python3 /usr/local/bin/claude
useradd --create-home bob
loginctl enable-linger bob
for user in ann bob; do
	folder=/run/user/$(id -u $user)
	setpriv --reuid $user --regid $user --init-groups --reset-env python3 agent.py 600 &
	check "the helper of $user writes in $folder" within 60 test -e "$folder/vigil/badges.json"
done
check 'both programs of the kernel run' within 30 says vigil health 'terminal: running'
home_is_closed() { ! nsenter -t "$(pgrep -u ann -f desktop/helper.js)" -m -S "$uid" -G "$uid" touch /home/ann/x; }
check 'but not in homes' home_is_closed
check 'an agent is found' within 20 says vigil agents claude-code
helper=$(pgrep -u ann -f desktop/helper.js)
check 'the helper of its user runs' test -n "$helper"
check 'the helper is not shielded' is "$(cat "/proc/$helper/oom_score_adj")" 0
check 'the helper is in a scope of its user' grep -q "user-$uid.slice/vigil-helper-$uid-" "/proc/$helper/cgroup"
check 'the helper has no capability' is "$(grep -E 'Cap(Prm|Eff|Bnd|Amb)' "/proc/$helper/status" | cut -f 2 | sort -u)" 0000000000000000
badge() { ls /run/user/"$uid"/vigil-sessions/*.json; }
check 'the agent has a folder and files' sh -c 'vigil agents --json | grep -q "\"cwd\": *\"/"'

systemd-run --quiet --scope --slice="user-$uid.slice" --uid="$uid" sleep 1000 &
within 10 pgrep -x sleep
sleeper=$(pgrep -n -u ann -x sleep)
check 'it may end a process of a user' vigil kill "$sleeper" --yes
check 'it is gone' sh -c "! kill -0 $sleeper"
history() { test -s /var/lib/vigil/*.db || { ls -la /var/lib/vigil; return 1; }; }
check 'it keeps a history' within 30 history
check 'of root alone' is "$(stat -c '%U %a' /var/lib/vigil)" 'root 700'
# Alerts are no trouble of vigil's: the kernel is the machine's, with all that others do there.
warnings() { journalctl -u vigil -p warning -o cat | grep -v '^alert A[0-9]' | head -n 5; }
check 'nothing to warn of' is "$(warnings)" ''

# A hung daemon, a killed one.
mkdir -p /etc/systemd/system/vigil.service.d
printf '[Service]\nWatchdogSec=5\n' >/etc/systemd/system/vigil.service.d/test.conf
systemctl daemon-reload
systemctl restart vigil
check 'signs of life suffice' sh -c 'sleep 12; systemctl is-active --quiet vigil'
check 'and it was not restarted' is "$(show NRestarts)" 0
kill -STOP "$(show MainPID)"
check 'a daemon that hangs is restarted' within 40 restarted 0
before=$(show NRestarts)
kill -KILL "$(show MainPID)"
check 'a daemon that was killed is restarted' within 40 restarted "$before"
check 'nothing of the old one is left' is "$(pgrep -c -f '[v]igil daemon') daemon, $(pgrep -c -x bpftrace) bpftrace" '1 daemon, 2 bpftrace'
rm -r /etc/systemd/system/vigil.service.d
systemctl daemon-reload

# Keys.
mkdir -p /etc/credstore
echo key >/etc/credstore/ANTHROPIC_API_KEY
systemctl restart vigil
check 'a key arrives as a credential' test -s /run/credentials/vigil.service/ANTHROPIC_API_KEY
rm -r /etc/credstore

# Upgrade.
echo '# mine' >>/etc/vigil/config.toml
echo mine >/var/lib/vigil/mine
dpkg-deb -R vigil.deb new
sed -i 's/^Version: .*/Version: 99-1/' new/DEBIAN/control
dpkg-deb --root-owner-group -Znone -b new new.deb >/dev/null
old=$(show MainPID)
check 'upgrade' install_package new.deb
check 'a new daemon runs' sh -c "[ \"\$(systemctl show -P MainPID vigil)\" != $old ] && systemctl is-active --quiet vigil"
check 'configuration is kept' grep -q mine /etc/vigil/config.toml
check 'state is kept' grep -q mine /var/lib/vigil/mine
systemctl disable --quiet vigil
check 'again' install_package new.deb
check 'who disabled it finds it disabled' sh -c '! systemctl is-enabled --quiet vigil'

# Removal.
check 'remove' dpkg -r vigil
check 'nothing runs' sh -c '! pgrep -f "[/]usr/lib/vigil"'
check 'configuration and state stay' test -e /etc/vigil/config.toml -a -e /var/lib/vigil/mine
check 'purge' dpkg -P vigil
left() {
	find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /vigil-test -o -path /var/log/journal -o -path /run/user \) -prune \
		-o \( -iname '*vigil*' -o -iname '*ebpf-ai-monitor*' \) -print | grep -v vigil-test
	getent group vigil
}
check 'nothing is left' is "$(left)" ''
echo DONE
