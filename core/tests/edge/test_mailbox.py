"""The bounded queue behind incoming_audio() and commands()."""

from __future__ import annotations

import asyncio

from vision_agents.core.edge.mailbox import Mailbox


async def test_in_order_and_ends_after_what_is_there() -> None:
    box: Mailbox[int] = Mailbox(4)
    for number in range(3):
        box.put(number)
    box.close()
    box.put(9)
    assert [number async for number in box] == [0, 1, 2]


async def test_the_oldest_go_and_are_counted() -> None:
    box: Mailbox[int] = Mailbox(2)
    for number in range(5):
        box.put(number)
    assert box.dropped == 3
    assert [await anext(box), await anext(box)] == [3, 4]


async def test_a_waiting_reader_is_woken_by_an_item_and_by_the_end() -> None:
    box: Mailbox[int] = Mailbox(2)
    reader = asyncio.create_task(anext(box, None))
    await asyncio.sleep(0)
    box.put(1)
    assert await reader == 1
    reader = asyncio.create_task(anext(box, None))
    await asyncio.sleep(0)
    box.close()
    assert await reader is None
