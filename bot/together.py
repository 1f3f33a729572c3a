"""Has those who wait at the same time served together, one round after the other."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Returned:
    """What came of something that did not fail."""

    value: Any


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[T]):
    """Something to be done, and whoever waits for it."""

    what: T
    future: "asyncio.Future[Any]"

    def settle(self, result: Returned | BaseException) -> None:
        if self.future.done():
            return
        if isinstance(result, Returned):
            self.future.set_result(result.value)
        else:
            self.future.set_exception(result)


class Together(Generic[T]):
    """Has those who wait at the same time served together, one round after the other."""

    def __init__(
        self, most: int, serve: Callable[[Sequence[T]], Awaitable[Sequence[Returned | BaseException]]]
    ) -> None:
        """Take how many are served in one round, and what serves them."""
        self._most = most
        self._serve = serve
        self._waiting: deque[_Waiting[T]] = deque()
        self._rounds: asyncio.Task[None] | None = None

    async def wait(self, what: T) -> Any:
        """Have something done, and return or raise what came of it."""
        waiting = _Waiting(what, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._rounds is None or self._rounds.done():
            self._rounds = asyncio.create_task(self._serve_all())
        return await waiting.future

    async def finish(self) -> None:
        """Wait until everybody was served."""
        if self._rounds is not None:
            await asyncio.wait([self._rounds])

    async def _serve_all(self) -> None:
        while self._waiting:
            served = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._most))]
            results: Sequence[Returned | BaseException]
            try:
                results = await self._serve([waiting.what for waiting in served])
            except Exception as error:  # noqa: BLE001 - whatever it is belongs to those who wait for it
                results = [error] * len(served)
            for waiting, result in zip(served, results, strict=True):
                waiting.settle(result)
