"""The socket that `digest serve` listens on."""

import asyncio
import socket

from digest.cli.serving import _listen


async def test_no_answer_waits_for_the_other_side_to_acknowledge_its_head() -> None:
    told: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def met(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted = writer.get_extra_info("socket")
        told.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with _listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        async with await asyncio.start_server(met, sock=listening):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await told
            writer.close()
            await writer.wait_closed()
