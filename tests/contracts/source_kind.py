"""What must hold for every kind of source: subclass `SourceKindContract` and give it a case.

    class TestMyKind(SourceKindContract):
        @pytest.fixture
        def case(self, tmp_path: Path) -> KindCase:
            return KindCase(source=..., base=tmp_path, unusable=..., add=...)

It calls the kind the way `digest collect` does, through `digest.sources.fetch`.
"""

import asyncio
import pickle
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from digest.errors import Fault, SourceError
from digest.model import Document, RawItem
from digest.settings import Collect, Source
from digest.sources import Fetched, Http, Known, Readers, fetch
from digest.sources.kinds import wrong_in


@dataclass(frozen=True, kw_only=True)
class KindCase:
    """A source of the kind, with at least one item in it."""

    source: Source
    #: Like the folder of config.toml.
    base: Path
    #: A source of the kind that cannot be visited.
    unusable: Source
    #: Puts one more item into *source*.
    add: Callable[[], Awaitable[None] | None]


@dataclass
class Memory:
    """What is kept of one visit for the next, as the store keeps it."""

    last: Fetched | None = None
    done: set[str] = field(default_factory=set)

    async def unread(self, keys: Sequence[str]) -> frozenset[str]:
        return frozenset(keys) - self.done

    def known(self) -> Known:
        if self.last is None:
            return Known(first=True, unread=self.unread)
        return Known(
            validators=self.last.validators,
            fingerprint=self.last.fingerprint,
            cursor=self.last.cursor,
            unread=self.unread,
        )

    def keep(self, fetched: Fetched) -> None:
        self.last = fetched
        self.done |= set(fetched.done)


def items(fetched: Fetched) -> list[RawItem]:
    return [item for document in fetched.documents for item in document.items]


class SourceKindContract:
    """Each test is one promise."""

    @pytest.fixture
    def case(self) -> KindCase:
        pytest.fail("give the contract a case of your kind")

    @pytest.fixture
    async def http(self) -> AsyncIterator[Http]:
        collect = Collect(allow_private=("127.0.0.1",), spacing_s=0)
        async with Http(collect, contact="desk@press.example") as http:
            yield http

    @pytest.fixture
    async def readers(self) -> AsyncIterator[Readers]:
        async with Readers(processes=1, timeout_s=60) as readers:
            yield readers

    async def visit(
        self, case: KindCase, http: Http, readers: Readers, memory: Memory, *, keep: bool = True
    ) -> Fetched:
        fetched = await fetch(case.source, http, readers, base=case.base, known=memory.known())
        if keep:
            memory.keep(fetched)
        return fetched

    async def test_the_first_visit_brings_items_of_the_right_types(
        self, case: KindCase, http: Http, readers: Readers
    ) -> None:
        fetched = await self.visit(case, http, readers, Memory())
        assert items(fetched)
        assert wrong_in(fetched) is None
        assert not fetched.not_modified
        assert all(isinstance(document, Document) for document in fetched.documents)

    async def test_every_item_says_something(
        self, case: KindCase, http: Http, readers: Readers
    ) -> None:
        for item in items(await self.visit(case, http, readers, Memory())):
            assert item.title.strip() or item.blocks
            assert item.guid or item.url or item.title.strip()

    async def test_a_second_visit_brings_nothing_twice(
        self, case: KindCase, http: Http, readers: Readers
    ) -> None:
        memory = Memory()
        await self.visit(case, http, readers, memory)
        again = await self.visit(case, http, readers, memory)
        assert again.not_modified
        assert not again.documents

    async def test_what_is_added_is_brought_by_the_next_visit(
        self, case: KindCase, http: Http, readers: Readers
    ) -> None:
        memory = Memory()
        before = {item.title for item in items(await self.visit(case, http, readers, memory))}
        if (adding := case.add()) is not None:
            await adding
        after = {item.title for item in items(await self.visit(case, http, readers, memory))}
        assert after - before

    async def test_a_visit_that_was_not_kept_is_made_again_with_the_same_result(
        self, case: KindCase, http: Http, readers: Readers
    ) -> None:
        memory = Memory()
        lost = await self.visit(case, http, readers, memory, keep=False)
        assert items(await self.visit(case, http, readers, memory)) == items(lost)

    async def test_two_visits_at_once_do_not_disturb_each_other(
        self, case: KindCase, http: Http, readers: Readers
    ) -> None:
        one, other = await asyncio.gather(
            self.visit(case, http, readers, Memory()), self.visit(case, http, readers, Memory())
        )
        assert items(one) == items(other)

    async def test_a_source_that_cannot_be_visited_says_so_in_a_sentence(
        self, case: KindCase, http: Http, readers: Readers
    ) -> None:
        with pytest.raises(SourceError) as caught:
            await fetch(case.unusable, http, readers, base=case.base, known=Known(first=True))
        assert caught.value.source_id == case.unusable.id
        assert len(str(caught.value)) > 10
        assert caught.value.fault is not Fault.OURS

    async def test_a_visit_that_is_cancelled_ends_and_leaves_nothing_running(
        self, case: KindCase, http: Http, readers: Readers
    ) -> None:
        before = asyncio.all_tasks()
        visiting = asyncio.create_task(self.visit(case, http, readers, Memory()))
        await asyncio.sleep(0)
        visiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await visiting
        # What ends by itself now is no leftover; a server of the test's own, perhaps.
        left = asyncio.all_tasks() - before
        if left:
            assert not (await asyncio.wait(left, timeout=20))[1]

    async def test_what_it_brings_can_travel_between_processes(
        self, case: KindCase, http: Http, readers: Readers
    ) -> None:
        documents = (await self.visit(case, http, readers, Memory())).documents
        assert pickle.loads(pickle.dumps(documents)) == documents
