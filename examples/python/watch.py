"""Prints all that changes, whoever changes it, and misses nothing while the connection is away.

    pip install "python-socketio[asyncio-client]"
    python watch.py [http://localhost:5555]
"""

import asyncio
import json
import sys

import socketio

# This client takes messages of up to 4 MiB (aiohttp's `max_msg_size`) and closes the connection over a larger one, each time anew. Parts are
# smaller. Who asks for whole collections raises the limit: `AsyncClient(websocket_extra_options={"max_msg_size": 0})`.
client = socketio.AsyncClient()
rows = {}
coming = {}
since = None


def auth():
    """Asked again at each reconnect: with the last cursor, the server sends just what was missed."""
    return {"live": "changes", "chunks": True, **({"since": since} if since else {})}


def tell(mark, collection, row):
    print(mark, collection, json.dumps(row, ensure_ascii=False), flush=True)


@client.event
def part(event):
    """Some rows of all that there is: on the first connect, and whenever the server cannot tell what was missed."""
    global coming, since
    if event["n"] == 1:
        coming = {}
    coming.setdefault(event["collection"], []).extend(event["rows"])
    if event["n"] < event["of"]:
        return
    since = event["cursor"]
    left_out = [what["collection"] for what in event.get("withheld", [])]
    for collection in (name for name in coming if name not in left_out):
        whole(collection, coming[collection])


def whole(collection, all_rows):
    before, rows[collection] = rows.get(collection), {row["id"]: row for row in all_rows}
    if before is None:
        print("=", collection, len(all_rows), flush=True)
    else:
        compare(collection, before)


def compare(collection, before):
    after = rows[collection]
    for row in after.values():
        if row != before.get(row["id"]):
            tell("~" if row["id"] in before else "+", collection, row)
    for id in before.keys() - after.keys():
        tell("-", collection, before[id])


@client.event
def changes(event):
    """One or more transactions, never half of one: rows as they are now, and the ids of those that are gone."""
    global since
    since = event.pop("cursor")
    for collection, change in event.items():
        known = rows.setdefault(collection, {})
        before = dict(known)
        known.update((row["id"], row) for row in change["upserted"])
        for id in change["deleted"]:
            known.pop(id, None)
        compare(collection, before)


async def main():
    at = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:5555"
    # `retry`: also when the server is not there yet. Afterwards the client comes back by itself.
    await client.connect(at, auth=auth, transports=["websocket"], retry=True)
    await client.wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except asyncio.CancelledError:
        pass  # Ctrl-C, by way of the client, which has closed its connection.
    except socketio.exceptions.ConnectionError as error:
        sys.exit(str(error))  # Refused, or Ctrl-C before anybody was there.
