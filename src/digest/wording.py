"""The verb that asks a model about an edition's summaries, where the operator has one.

Reads what was answered before, asks the rest, keeps every answer; what an answer is worth is
`editorial.asking`'s.  Whatever goes wrong, the edition it was given is good enough to send.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from digest.app import App
from digest.editorial import asking
from digest.editorial.plain import plain
from digest.errors import SummaryError
from digest.model import About, Decider, Edition, Reason, Story
from digest.settings import Model
from digest.store import replies
from digest.store.replies import Reply, Spent
from digest.telemetry import log

if TYPE_CHECKING:
    from digest.llm import Answer, Asker

#: After so many failures in a row the endpoint is taken to be down.
_FAILURES = 3
_TOKENS_PRICED = 1_000_000
_LATER = "it is asked about it when the edition is composed again"


async def reword(
    app: App, edition: Edition, *, ask: "Asker | None" = None, known_only: bool = False
) -> Edition:
    """The *edition* with the summaries that a model chose or wrote, where they passed.

    Without a model in the settings it is the edition itself.  A question asked before gets the
    answer of before, so an edition composed twice has the same words.  Every story that a model
    was asked about says in its reasons what came of it.

    Args:
        ask: instead of the endpoint in the settings.
        known_only: nobody is asked: only answers of before count, and nobody waits.
    """
    model = app.settings.model
    if not model.url:
        return edition
    verdicts = await asyncio.to_thread(_questions, app, edition)
    open_ = {id: found for id, found in verdicts.items() if isinstance(found, asking.Question)}
    judged = {id: found for id, found in verdicts.items() if isinstance(found, asking.Verdict)}
    if open_:
        judged |= await _answered(app, edition, open_, ask, known_only=known_only)
    return _with(edition, judged, model)


async def spent(app: App, edition_id: str) -> Spent:
    """What asking a model for an edition took, in tokens, money and time."""
    async with app.db.read() as conn:
        return await replies.spent(conn, edition_id)


def _questions(app: App, edition: Edition) -> dict[str, asking.Question | asking.Verdict]:
    """By story, what to ask about it, or why nothing."""
    newsletter = app.newsletter(edition.newsletter)
    mode = app.settings.model.mode
    found: dict[str, asking.Question | asking.Verdict] = {}
    for number, story in enumerate(edition.stories):
        words = asking.words_for(story, newsletter, top=number == 0)
        found[story.id] = asking.question(story, mode=mode, words=words)
    return found


def _with(edition: Edition, judged: Mapping[str, asking.Verdict], model: Model) -> Edition:
    sections = tuple(
        replace(section, stories=tuple(_told(story, judged, model) for story in section.stories))
        for section in edition.sections
    )
    return replace(edition, sections=sections)


def _told(story: Story, judged: Mapping[str, asking.Verdict], model: Model) -> Story:
    verdict = judged.get(story.id)
    if verdict is None or not verdict.text:
        return story
    # It may hold words of an endpoint or of an answer, which are kept and shown from here on.
    told = plain(verdict.text)
    if verdict.summary is not None:
        reason = Reason(about=About.SUMMARY, text=told, by=Decider.MODEL)
        return replace(story, summary=verdict.summary, why=(*story.why, reason))
    # That the extract stays is our decision, not the model's.
    text = f"the extract stays, without {model.name}: {told}"
    return replace(story, why=(*story.why, Reason(about=About.SUMMARY, text=text)))


# ------------------------------------------------------------------------ asking


@dataclass(slots=True)
class _Round:
    """All that is asked for one edition."""

    app: App
    edition_id: str
    ask: "Asker"
    #: By the loop's clock.
    deadline: float
    waiting: Iterator[tuple[str, asking.Question, str]]
    verdicts: dict[str, asking.Verdict] = field(default_factory=dict)
    failures: int = 0
    #: Why nobody is asked any more.
    over: str = ""

    async def work(self) -> None:
        """Ask one question after the other until none is waiting."""
        for story_id, question, key in self.waiting:
            self.verdicts[story_id] = await self._settle(question, key)

    async def _settle(self, question: asking.Question, key: str) -> asking.Verdict:
        model = self.app.settings.model
        left_s = self.deadline - asyncio.get_running_loop().time()
        if not self.over and left_s <= 0:
            self.over = f"patience_s ({model.patience_s:g} s) was over"
        if self.over:
            return asking.Verdict(text=self.over)
        try:
            async with asyncio.timeout(left_s):
                answer = await self.ask(question.rules, question.text, patience_s=left_s)
        except TimeoutError:
            return asking.Verdict(text=f"patience_s ({model.patience_s:g} s) was over")
        except SummaryError as error:
            return self._failed(error)
        self.failures = 0
        reply = _reply(self.app, question, key, answer, self.edition_id)
        async with self.app.db.write() as conn:
            await replies.keep(self.app.db, conn, reply)
        return await _judged(question, reply, model)

    def _failed(self, error: SummaryError) -> asking.Verdict:
        self.failures += 1
        log.warning("model did not answer", edition=self.edition_id, error=str(error))
        if not self.over and (self.failures >= _FAILURES or not error.temporary):
            self.over = f"it was not asked, because the endpoint had failed: {error}"
        return asking.Verdict(text=str(error))


async def _answered(
    app: App,
    edition: Edition,
    questions: Mapping[str, asking.Question],
    ask: "Asker | None",
    *,
    known_only: bool,
) -> dict[str, asking.Verdict]:
    """What is known already is not asked again; the rest is, several at once."""
    model = app.settings.model
    keys = {
        id: replies.reply_key(
            url=model.url, model=model.name, mode=question.mode, rules=question.rules,
            text=question.text,
        )
        for id, question in questions.items()
    }  # fmt: skip
    async with app.db.read() as conn:
        known = await replies.find(conn, keys.values())
    verdicts = {
        id: await _judged(question, known[keys[id]], model)
        for id, question in questions.items()
        if keys[id] in known
    }
    waiting = [(id, q, keys[id]) for id, q in questions.items() if keys[id] not in known]
    if not waiting or known_only:
        return verdicts | {id: asking.Verdict(text=_LATER) for id, _, _ in waiting}
    if ask is not None:
        return verdicts | await _asked(app, edition, waiting, ask)
    # An HTTP client: for who has a model, and something to ask it.
    from digest.llm import Endpoint

    try:
        endpoint = Endpoint(model, key=app.model_key)
    except SummaryError as error:
        log.warning("model cannot be asked", edition=edition.id, error=str(error))
        return verdicts | {id: asking.Verdict(text=str(error)) for id, _, _ in waiting}
    async with endpoint:
        return verdicts | await _asked(app, edition, waiting, endpoint.ask)


async def _asked(
    app: App, edition: Edition, waiting: Sequence[tuple[str, asking.Question, str]], ask: "Asker"
) -> dict[str, asking.Verdict]:
    model = app.settings.model
    started = asyncio.get_running_loop().time()
    all_ = _Round(
        app=app,
        edition_id=edition.id,
        ask=ask,
        deadline=started + model.patience_s,
        waiting=iter(waiting),
    )
    workers = [asyncio.create_task(all_.work()) for _ in range(min(model.in_flight, len(waiting)))]
    try:
        await asyncio.gather(*workers)
    finally:
        # One that fails, on the database, ends the others.
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    log.info(
        "model asked",
        edition=edition.id,
        stories=len(waiting),
        taken=sum(verdict.summary is not None for verdict in all_.verdicts.values()),
        ms=round(1000 * (asyncio.get_running_loop().time() - started)),
    )
    return all_.verdicts


def _reply(
    app: App, question: asking.Question, key: str, answer: "Answer", edition_id: str
) -> Reply:
    model = app.settings.model
    tokens_in, tokens_out = answer.tokens_in or 0, answer.tokens_out or 0
    return Reply(
        key=key,
        asked_at=app.now(),
        model=model.name,
        mode=question.mode,
        # One character more than is looked at, so that it is found too long again.
        content=answer.content[: asking.LONGEST_REPLY + 1],
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost=(tokens_in * model.price_in + tokens_out * model.price_out) / _TOKENS_PRICED,
        latency_ms=answer.latency_ms,
        edition_id=edition_id,
    )


async def _judged(question: asking.Question, reply: Reply, model: Model) -> asking.Verdict:
    judge = partial(asking.judge, question, reply.content, model=model.name)
    verdict = await asyncio.to_thread(judge)
    if verdict.summary is None:
        return replace(verdict, text=f"its answer was refused: {verdict.text}")
    return verdict
