import asyncio
from math import inf

import pytest

from serve.overload.admission import Admission, Capacity, Cost, Ticket
from serve.overload.slot import Slot
from serve.rejection import Rejected
from tests.support.in_loop import in_loop, soon


def admission(bytes_: int = 1000) -> Admission:
    return Admission(Capacity(100, bytes_, inf))


def ticket(subject: Admission, bytes_: int = 0) -> Ticket:
    admitted = subject.admit("a", Cost(1.0, bytes_), 0.0, 0.0)
    assert isinstance(admitted, Ticket)
    return admitted


@in_loop
async def test_a_slot_is_free_once_late_replies_are_in() -> None:
    subject, first, second = admission(), asyncio.Event(), asyncio.Event()
    slot = Slot(subject, ticket(subject))
    for replies in (first, second):
        slot.hold_until(replies_in(replies))
    slot.end()
    assert subject.in_flight == 1
    first.set()
    await asyncio.sleep(0.01)
    assert subject.in_flight == 1
    second.set()
    await soon(lambda: subject.in_flight == 0, "the slot is free")


@in_loop
async def test_replies_that_came_in_time_free_no_slot_before_its_end() -> None:
    subject, replies, errors = admission(), asyncio.Event(), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    slot = Slot(subject, ticket(subject))
    slot.hold_until(replies_in(replies))
    replies.set()
    await asyncio.sleep(0.01)
    assert subject.in_flight == 1
    slot.end()
    assert subject.in_flight == 0
    assert not errors


async def replies_in(event: asyncio.Event) -> None:
    await event.wait()


def test_rounds_beyond_the_first_count() -> None:
    subject = admission()
    slot, other = Slot(subject, ticket(subject, 300)), ticket(subject, 500)
    slot.grow(200)
    slot.grow(100)
    assert subject.bytes == 800  # as admitted
    slot.grow(200)
    assert subject.bytes == 1000
    with pytest.raises(Rejected):
        slot.grow(1)
    subject.release(other)
    slot.grow(10_000)  # it is alone
    slot.end()
    assert subject.bytes == 0


def test_what_was_admitted_is_read_without_room_for_more() -> None:
    subject = admission()
    slot = Slot(subject, ticket(subject, 300))
    ticket(subject, 500)
    subject.hold_answer("b", 400)
    slot.grow(300)
    with pytest.raises(Rejected):
        slot.grow(1)
