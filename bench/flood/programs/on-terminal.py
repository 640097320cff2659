"""on-terminal.py PROGRAM [ARGUMENT…]: runs it on a terminal of its own, reads what it writes, and ends it together with
standard input."""
import os
import pty
import select
import signal
import sys

pid, master = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
while True:
    ready, _, _ = select.select([0, master], [], [])
    if master in ready:
        try:
            os.read(master, 65536)
        except OSError:
            break
    if 0 in ready and not os.read(0, 4096):
        break
os.kill(pid, signal.SIGKILL)
