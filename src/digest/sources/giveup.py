"""When a document that could not be read is given up, and when it is tried again.

Behind the door: whose fault an error is.  Not behind it: reading, and remembering.
"""

from collections.abc import Awaitable, Callable, Sequence

from digest.errors import Fault, FetchError, SourceError


async def keys_done(
    error: SourceError,
    *keys: str,
    unread: Callable[[Sequence[str]], Awaitable[frozenset[str]]],
) -> tuple[str, ...]:
    """What to note as done after *error* about the document known by *keys*.

    All of *keys* when it is the document's own fault, for good.  None when it may pass, or is
    ours.  An unreadable one is tried a second time, whatever made it unreadable: a reader that
    was killed on a busy machine looks the same.  After the first time another key is noted.
    """
    if error.fault is Fault.OURS or (isinstance(error, FetchError) and error.temporary):
        return ()
    if isinstance(error, FetchError) or error.fault is not Fault.UNREADABLE:
        return keys
    tried = f"tried {keys[0]}"
    return (tried,) if tried in await unread([tried]) else keys
