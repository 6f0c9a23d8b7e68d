"""Adds a coach, exactly once, however often the connection or the server fails on the way.

    pip install "python-socketio[asyncio-client]"
    python add_coach.py "Ada Byron" 36 https://example.com/ada.png [http://localhost:5555]
"""

import asyncio
import sys
import uuid

import socketio
from socketio.exceptions import BadNamespaceError, DisconnectedError, TimeoutError

# How long to wait for an answer, and before the next try, in seconds.
ANSWER, PAUSE = 5, 0.5


async def write(client, event, values):
    """The ack of one write.

    Who is not answered cannot know whether the write was carried out. All tries carry one `request_id`, so the server carries out one of
    them and answers the others as it did that one: also after a restart, and from another node.
    """
    options = {"request_id": str(uuid.uuid4())}
    while True:
        try:
            ack = await client.call(event, (values, options), timeout=ANSWER)
            # An answer, but one that says "not now": nothing was written.
            if "$unavailable" not in ack["errors"]:
                return ack
        except (BadNamespaceError, DisconnectedError, TimeoutError):
            pass  # Not connected at the moment, or the answer is lost: the client comes back by itself.
        await asyncio.sleep(PAUSE)


async def main(name, age, picture, at="http://localhost:5555"):
    client = socketio.AsyncClient(reconnection_delay_max=2)
    await client.connect(at, transports=["websocket"], retry=True)
    # Text will do for the age, as from a form.
    ack = await write(client, "new_coach", {"name": name, "age": age, "picture": picture})
    await client.disconnect()
    if ack["ok"]:
        print("added", ack["data"]["name"], "as coach", ack["data"]["id"])
        return 0
    for field, sentence in ack["errors"].items():
        print(f"{field}: {sentence}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    sys.exit(asyncio.run(main(*sys.argv[1:])))
