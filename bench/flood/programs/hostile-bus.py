"""hostile-bus.py SOCKET: a session bus of which one connection gets a line without end, the next one a message of the
greatest size after a good greeting, the next one rubbish, until standard input closes; then says how much it wrote."""
import os
import select
import socket
import sys

listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(50)
listener.setblocking(False)
clients = {}
sent = 0
served = 0
HUGE = b'l\x02\x01\x01' + (127 << 20).to_bytes(4, 'little') + (1).to_bytes(4, 'little') + (8).to_bytes(4, 'little') + b'\x05\x01u\x00\x01\x00\x00\x00'
while True:
    wanting = [client for client, state in clients.items() if state['out'] or state['endless']]
    readable, writable, _ = select.select([0, listener, *clients], wanting, [])
    if 0 in readable:
        break
    if listener in readable:
        client, _ = listener.accept()
        client.setblocking(False)
        kind = served % 3
        clients[client] = {'kind': kind, 'out': b'', 'endless': kind == 0}
        served += 1
    for client in [each for each in readable if each in clients]:
        state = clients[client]
        try:
            text = client.recv(65536)
        except OSError:
            text = b''
        if not text:
            del clients[client]
            client.close()
        elif b'BEGIN' in text:
            state['out'] += HUGE if state['kind'] == 1 else b'\x00' * 64
            state['endless'] = True
        elif b'AUTH' in text and state['kind'] != 0:
            state['out'] += b'OK 0123456789abcdef0123456789abcdef\r\n'
        elif b'NEGOTIATE' in text:
            state['out'] += b'AGREE_UNIX_FD\r\n'
    for client in [each for each in writable if each in clients]:
        state = clients[client]
        if not state['out']:
            if not state['endless']:
                continue
            state['out'] = b'z' * 65536
        try:
            n = client.send(state['out'])
        except BlockingIOError:
            continue
        except OSError:
            del clients[client]
            client.close()
            continue
        sent += n
        state['out'] = state['out'][n:]
print(f'{served} connections, {sent >> 20} MB')
