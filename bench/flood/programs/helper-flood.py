"""helper-flood.py PID: takes the standard output and error of a process of the same user (pidfd_getfd, system call 438)
and writes into them until standard input closes: log lines with forged fields, a line without end, and rubbish."""
import ctypes
import json
import os
import select
import sys

libc = ctypes.CDLL(None, use_errno=True)


def take(pid):
    pidfd = libc.syscall(434, pid, 0)
    return [libc.syscall(438, pidfd, fd, 0) for fd in (1, 2)] if pidfd >= 0 else []


forged = {'type': 'log', 'level': 'error', 'message': 'm' * 8000, 'fields': {'level': 10, 'time': 0, 'pid': 1, 'msg': 'forged'}}
pieces = [json.dumps(forged).encode() + b'\n', b'x' * 60_000, b'\n{"type":"unseen","counts":[[1,1]]}\n', b'\xff\x00\n' * 1000]
count = 0
fds = take(int(sys.argv[1]))
if not fds or min(fds) < 0:
    print(f'cannot take its descriptors: {os.strerror(ctypes.get_errno())}')
    sys.exit(0)
while not select.select([0], [], [], 0)[0]:
    for fd in fds:
        if not select.select([], [fd], [], 0.05)[1]:
            continue
        try:
            count += os.write(fd, pieces[count % len(pieces)])
        except OSError:
            pass
print(f'{count >> 10} kB')
