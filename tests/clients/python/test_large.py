"""A stock python-socketio client and a collection larger than the messages it takes."""

import re
import sqlite3
import urllib.request

from server import TIMEOUT, Client, ServerTestCase

# aiohttp takes 4 MiB.
COACHES, BYTES = 14_000, 400


class Large(ServerTestCase):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        database = sqlite3.connect(f"{self.server.folder}/gym.db")
        picture = "https://example.com/" + "x" * BYTES
        database.executemany(
            "insert into coaches (name, age, picture) values (?, 30, ?)",
            ((f"Coach {number}", picture) for number in range(COACHES)),
        )
        database.commit()
        database.close()
        # Later connects receive all collections, because a client displays them.
        witness = await self.open(websocket_extra_options={"max_msg_size": 0})
        await witness.wait_for(lambda: len(witness.rows.get("coaches", [])) == COACHES + 5)
        await witness.socket.disconnect()

    def metric(self, name):
        metrics = urllib.request.urlopen(f"{self.server.url}/metrics").read().decode()
        return sum(float(number) for number in re.findall(f"^{re.escape(name)} (\\S+)$", metrics, re.M))

    async def test_oversized_collections_are_withheld_and_client_stays_connected(self):
        client = Client()
        self.addAsyncCleanup(client.socket.shutdown)
        await client.socket.connect(self.server.url, transports=["websocket"], wait_timeout=TIMEOUT)
        await client.wait_for(lambda: "withheld" in client.events and "schedules" in client.rows)
        self.assertNotIn("coaches", list(client.rows))
        before, connects = self.metric("socketio_bytes_sent_total"), len(client.greetings)
        move = {"name": "Squat", "focus": "Legs", "description": "Down and up.", "video_link": "https://e.com"}
        ack = await client.request("new_exercise_move", move)
        self.assertTrue(ack["ok"], ack)
        await client.wait_for(lambda: len(client.rows["exercise_moves"]) == 7)
        page = await client.request("list_coaches", {"limit": 500})
        self.assertEqual(len(page["data"]["rows"]), 500)
        self.assertEqual(len(client.greetings), connects, "it stays connected")
        self.assertLess(self.metric("socketio_bytes_sent_total") - before, 2_000_000)

    async def test_higher_limit_receives_everything(self):
        client = await self.open(websocket_extra_options={"max_msg_size": 0})
        await client.wait_for(lambda: len(client.rows.get("coaches", [])) == COACHES + 5)
        self.assertNotIn("withheld", client.events)
