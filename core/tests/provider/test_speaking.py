"""An utterance through a session and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_what_is_said_is_heard_once_and_in_order(virtual: Callable[..., Any], call: Any) -> None:
    async def main() -> None:
        async with call() as now:
            first = await now.speak(3.0)
            second = await now.speak(2.0)
        assert now.listener.codes == first.words + second.words
        ends = [detail for _, what, detail in now.service.current.calls if what == "end"]
        assert ends == [1, 2]

    virtual(main())
