"""What may have been lost with a socket. Pure."""

from __future__ import annotations

from collections import deque

from vision_agents.plugins.liveavatar import wire

MOST = 64
"""Commands kept; a service that answers at all does so within a second."""


class Unanswered:
    """The commands that the service has not acknowledged yet, in order.

    It obeys in order, so the answer to a command stands for those before it too. A service that
    was never seen to answer is taken to have got everything.
    """

    def __init__(self) -> None:
        self._waiting: deque[wire.Command] = deque(maxlen=MOST)
        self._answers = False

    def sent(self, command: wire.Command) -> None:
        """A command goes out."""
        if command.kind == "agent.interrupt":
            self._waiting.clear()  # whether those before it came or not, they are over
        if command.kind in wire.ANSWERS.values():
            self._waiting.append(command)

    def not_sent(self, command: wire.Command) -> None:
        """It did not get out: whoever sends it tries again."""
        if command in self._waiting:
            self._waiting.remove(command)

    def answered(self, answer: wire.Answered) -> None:
        """The service has taken a command; an answer to none of these changes nothing."""
        self._answers = True
        for count, command in enumerate(self._waiting, start=1):
            if (command.kind, command.event_id) == (answer.kind, answer.event_id):
                for _ in range(count):
                    self._waiting.popleft()
                return

    def to_repeat(self) -> list[wire.Command]:
        """What a new socket has to send again."""
        return list(self._waiting) if self._answers else []
