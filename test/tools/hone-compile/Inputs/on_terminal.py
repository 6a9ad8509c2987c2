"""on_terminal.py COMMAND...: runs it on a pseudo terminal and prints what a person would see, a line for each redraw."""
import os
import pty
import sys

child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while True:
    try:
        data = os.read(terminal, 4096)
    except OSError:  # the child has closed its side
        break
    if not data:
        break
    seen += data
sys.stdout.write(seen.decode().replace("\r\x1b[K", "\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
