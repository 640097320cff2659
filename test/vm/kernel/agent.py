"""
Two programs that write state words, one in a pseudo terminal and one on a virtual console, and a person who
types; for the virtual machine. Prints their pids as JSON, waits for /tmp/go, prints how many bytes they wrote.
"""
import json
import os
import pty
import subprocess
import sys
import threading
import time
import tty

CONSOLE = "/dev/tty1"
wrote_read, wrote_write = os.pipe()


def wait_for_go():
    while not os.path.exists("/tmp/go"):
        time.sleep(0.1)


def writer():
    total = 0

    def write(text):
        nonlocal total
        while text:
            done = os.write(1, text)
            total += done
            text = text[done:]

    return write, lambda: total


pid, master = pty.fork()
if pid == 0:
    tty.setraw(0)
    write, total = writer()
    wait_for_go()
    # Not one right behind the other: what comes while the worker of the other tier delivers can escape it.
    write(b"\x1b]0;hello title\x07")
    time.sleep(0.3)
    write(b"second")
    time.sleep(0.3)
    write(b"\x1b]7501;state=working\x1b\\and text")
    time.sleep(0.5)
    write(b"\x1b]9;4;1;50\x07\x1b]777;notify;a;b\x1b\\\x1b]0;x\x07")
    time.sleep(0.3)
    write(b"\x1b]8;;https://secret.example\x1b\\link\x1b]8;;\x1b\\\x1b]52;c;c2VjcmV0\x07")
    time.sleep(0.3)
    write(b"\x1b]0;" + b"L" * 200 + b"\x07")
    time.sleep(0.5)
    write(b"z" * 3000 + b"\x1b]2;after a lot\x1b\\")
    while True:
        key = os.read(0, 100)
        write(b"got" + key)
        if key == b"f":
            for _ in range(200):
                write(b"\x1b]0;flood\x07")
        if key == b"q":
            os.write(wrote_write, str(total()).encode())
            os._exit(3)

console = os.fork()
if console == 0:
    os.setsid()
    os.dup2(os.open(CONSOLE, os.O_RDWR), 1)  # and it is the terminal of this session
    write, total = writer()
    wait_for_go()
    write(b"\x1b]0;on the console\x07hello")
    time.sleep(8)
    os._exit(0)


def read():
    try:
        while os.read(master, 65536):
            pass
    except OSError:
        pass


threading.Thread(target=read, daemon=True).start()
print(json.dumps({"pid": pid, "console": console}), flush=True)
wait_for_go()
subprocess.run(["sleep", "0.1"], check=True)
time.sleep(3)
for key in b"a", b"bc\r", b"\x1b", b"\x1b[A", b"\x1b[27u", b"f", b"q":
    os.write(master, key)
    time.sleep(1.5 if key == b"f" else 0.5)
os.waitpid(pid, 0)
print(json.dumps({"bytes": int(os.read(wrote_read, 100))}), flush=True)
os.waitpid(console, 0)
