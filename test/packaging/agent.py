"""An agent in a pseudo terminal of its own that waits at a prompt, for so many seconds."""
import os
import pty
import sys
import time

pid, _ = pty.fork()
if pid == 0:
    os.execv("/usr/local/bin/claude", ["claude", "-c", "input('> ')"])
time.sleep(float(sys.argv[1]))
