"""A program in a pseudo terminal that writes state words, and a person who types; for the virtual machine."""
import ctypes
import os
import pty
import threading
import time
import tty

WNOHANG, WEXITED, WNOWAIT = 1, 4, 0x01000000
# Emulated, bpftrace needs a while: until it prints heartbeats.
READY = "/tmp/terminal.out"

pid, master = pty.fork()
if pid == 0:
    tty.setraw(0)
    while not os.path.exists("/tmp/go"):
        time.sleep(0.2)
    os.write(1, b"\x1b]0;hello title\x07")
    os.write(1, b"second")
    os.write(1, b"\x1b]7501;state=working\x1b\\and text")
    time.sleep(0.5)
    os.write(1, b"z" * 3000 + b"\x1b]2;after a lot\x1b\\")
    while True:
        key = os.read(0, 100)
        os.write(1, b"got" + key)
        if key == b"q":
            os._exit(3)


def read():
    try:
        while os.read(master, 65536):
            pass
    except OSError:
        pass


threading.Thread(target=read, daemon=True).start()
info = ctypes.create_string_buffer(128)
while not (os.path.exists(READY) and '"H ' in open(READY).read()):
    time.sleep(0.2)
ctypes.CDLL(None).waitid(1, pid, info, WNOHANG | WEXITED | WNOWAIT)
open("/tmp/go", "w").close()
time.sleep(2)
for key in b"a", b"bc\r", b"\x1b", b"\x1b[27u", b"q":
    os.write(master, key)
    time.sleep(0.4)
os.waitpid(pid, 0)
time.sleep(1.5)
