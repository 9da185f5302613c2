"""Guard: outputs safe first, then the node, then the REPL. Kept readable on the board.

Ctrl-C leaves to the REPL with outputs safe and the watchdog disarmed. An uncaught exception
restarts the board; after the third crash within ten minutes it stays in the REPL (safe mode).
"""

from board import board

board.outputs_safe()

from hullnode import guard

try:
    guard.run(board)
finally:
    board.outputs_safe()
