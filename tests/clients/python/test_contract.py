"""What a stock python-socketio client gets."""

import asyncio

import socketio

from server import COLLECTIONS, Client, ServerTestCase

COACH = {"name": "Ada", "age": 36, "picture": "https://example.com/ada.png"}


class SampleGym(ServerTestCase):
    async def test_connect_delivers_all_collections(self):
        client = await self.open()
        self.assertEqual(client.events, ["connected", *COLLECTIONS])
        sid = client.socket.get_sid()
        greeting = {"data": f"id: {sid} is connected", "sid": sid, "user": None}
        [told] = client.greetings
        self.assertEqual({name: told[name] for name in greeting}, greeting)
        self.assertEqual(sorted(told["schema"]["collections"]), sorted([*COLLECTIONS, "events"]))
        self.assertEqual([len(client.rows[name]) for name in COLLECTIONS], [5, 3, 6, 36])

    async def test_invalid_payload_returns_errors_by_field(self):
        client = await self.open()
        ack = await client.request("new_coach", {"name": "A", "age": "17", "picture": None})
        self.assertEqual((ack["ok"], ack["data"]), (False, None))
        self.assertEqual(sorted(ack["errors"]), ["age", "name", "picture"])
        for event, payload, key in [
            ("get_coach", {"id": 99}, "$not_found"),
            ("delete_coach", {"id": 1}, "$in_use"),
            ("nothing", {}, "$unknown_event"),
            ("new_coach", [1], "$bad_payload"),
            ("new_coach", b"\x00\xff", "$bad_payload"),
        ]:
            with self.subTest(event=event, payload=payload):
                self.assertEqual(list((await client.request(event, payload))["errors"]), [key])

    async def test_token_signs_in_on_reconnect(self):
        client = await self.open()
        username = client.rows["coaches"][0]["username"]
        ack = await client.request("login", {"username": username, "password": f"{username}_password"})
        self.assertTrue(ack["ok"])
        self.assertEqual(ack["user"], ack["data"]["user"])

        later = Client()
        self.addAsyncCleanup(later.socket.shutdown)
        await later.connect(self.server, auth={"token": ack["data"]["token"]})
        self.assertEqual(later.greetings[0]["user"], ack["user"])

        stranger = Client()
        with self.assertRaises(socketio.exceptions.ConnectionError):
            await stranger.connect(self.server, auth={"token": "made up"})

    async def test_refresh_takes_no_payload(self):
        client = await self.open()
        client.events.clear()
        self.assertEqual(await client.request("refresh"), {"ok": True, "data": None, "errors": {}})
        await client.wait_for(lambda: len(client.events) == 4)
        self.assertEqual(client.events, COLLECTIONS)


class EmptyGym(ServerTestCase):
    sample = "never"

    async def test_write_reaches_every_client(self):
        clients = [await self.open() for _ in range(4)]
        ack = await clients[0].request("new_coach", COACH)
        row = {"id": 1, **COACH, "username": None, "version": 1}
        self.assertEqual(ack, {"ok": True, "data": row, "errors": {}})
        for client in clients:
            await client.wait_for(lambda client=client: client.rows["coaches"] == [row])
        ack = await clients[1].request("update_coach", {"id": 1, "name": "Ada 🏋️"})
        self.assertEqual((ack["data"]["name"], ack["data"]["version"]), ("Ada 🏋️", 2))
        await clients[2].request("delete_coach", row)
        for client in clients:
            await client.wait_for(lambda client=client: client.rows["coaches"] == [])

    async def test_concurrent_writes_are_all_acked(self):
        client = await self.open()
        writes = [client.request("new_coach", {**COACH, "name": f"Coach {at}"}) for at in range(100)]
        acks = await asyncio.gather(*writes)
        self.assertEqual([ack["data"]["id"] for ack in acks], list(range(1, 101)))
        await client.wait_for(lambda: len(client.rows["coaches"]) == 100)

    async def test_client_reconnects_after_restart(self):
        client = await self.open()
        await client.request("new_coach", COACH)
        for round in (2, 3):
            self.assertEqual(await self.server.stop(), 0)
            await self.server.start()
            await client.wait_for(lambda: len(client.greetings) == round)
            ack = await client.request("new_coach", COACH)
            self.assertEqual(ack["data"]["id"], round)
            await client.wait_for(lambda: len(client.rows["coaches"]) == round)

    async def test_client_stays_connected_while_others_reconnect(self):
        client = await self.open()
        for _ in range(30):
            other = await self.open()
            await other.request("new_coach", COACH)
            await other.socket.disconnect()
        await client.wait_for(lambda: len(client.rows["coaches"]) == 30)
        self.assertEqual(len(client.greetings), 1)
