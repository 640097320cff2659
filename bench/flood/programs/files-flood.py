"""files-flood.py transcript|registry PID CWD: writes a Claude session's files faster than anybody can read them, until
standard input closes; then says how much it was."""
import json
import os
import select
import sys

what, pid, cwd = sys.argv[1], int(sys.argv[2]), sys.argv[3]
home = os.environ['HOME'] + '/.claude'
session = '11111111-2222-3333-4444-555555555555'
project = ''.join(c if c.isascii() and c.isalnum() else '-' for c in cwd)
transcript = f'{home}/projects/{project}/{session}.jsonl'
registry = f'{home}/sessions/{pid}.json'
with open(f'/proc/{pid}/stat') as stat:
    started = stat.read().rsplit(') ', 1)[1].split()[19]
os.makedirs(os.path.dirname(transcript), exist_ok=True)
os.makedirs(os.path.dirname(registry), exist_ok=True)


def register(status, extra=''):
    entry = dict(pid=pid, sessionId=session, cwd=cwd, procStart=started, kind='interactive', status=status, extra=extra)
    with open(registry + '.new', 'w') as file:
        json.dump(entry, file)
    os.rename(registry + '.new', registry)


def ended():
    return bool(select.select([0], [], [], 0)[0])


register('busy')
count = 0
if what == 'transcript':
    block = {'type': 'tool_use', 'name': 'Bash', 'id': 'x', 'input': {'command': 'c' * 50_000}}
    line = json.dumps({'type': 'assistant', 'message': {'role': 'assistant', 'content': [block]}}).encode() + b'\n'
    file = open(transcript, 'wb')
    while not ended():
        for _ in range(64):
            # Some lines never end.
            count += file.write(line if count % 7 else line[:-1])
        file.flush()
        if file.tell() > 1 << 30:
            file.truncate(0)
            file.seek(0)
    print(f'{count >> 20} MB')
else:
    others = 0
    while not ended():
        for _ in range(100):
            register('busy' if count % 2 else 'idle', 'e' * 2000)
            count += 1
        if others < 50_000:
            for _ in range(200):
                with open(f'{home}/sessions/{900_000 + others}.json', 'w') as file:
                    file.write('{' * 10)
                others += 1
        if count % 1000 == 0:
            # As large as a file can be, and nothing in it.
            with open(registry + '.new', 'wb') as file:
                file.truncate(1 << 40)
            os.rename(registry + '.new', registry)
    print(f'{count} changes, {others} strangers')
