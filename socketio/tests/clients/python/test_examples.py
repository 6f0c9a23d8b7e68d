"""The documented behaviour of the four small examples, with a stock python-socketio client."""

import tempfile

from server import Story


class Chat(Story):
    example = "chat"

    async def test_line_reaches_all_clients(self):
        clients = [await self.open(transports=way) for way in [("polling",), ("websocket",), ("polling", "websocket")]]
        line = {"from": "Ada", "text": "Grüezi 🏔️"}
        await clients[0].tell("chat", line)
        for client in clients:
            self.assertEqual(await client.hears("chat"), [line])


class Counter(Story):
    example = "counter"

    async def test_counts_per_client_and_receives_ack(self):
        clients = [await self.open(["/test"]), await self.open(["/test"], transports=("polling",))]
        for client in clients:
            for count in (1, 2):
                await client.tell("my_event", {"data": f"message {count}"}, namespace="/test")
            # This client acks every event that requests it.
            self.assertEqual(await client.hears("acked", 2, "/test"), [{"count": 1}, {"count": 2}])
            expected = [{"data": "Server connected", "count": 0}]
            expected += [{"data": f"message {count}", "count": count} for count in (1, 2)]
            self.assertEqual(client.news("my_response", "/test"), expected)
            await client.tell("disconnect_request", namespace="/test")
            await client.hears("disconnect", namespace="/test")
            self.assertEqual(client.news("my_response", "/test")[-1], {"data": "Disconnected!", "count": 3})


class Rooms(Story):
    example = "rooms"

    async def test_line_reaches_room_and_presence_reaches_all(self):
        ada = await self.open(auth={"name": "Ada"})
        bob = await self.open(auth={"name": "Bob"}, transports=("polling",))
        names = lambda: sorted(person["name"] for person in ada.news("online")[-1])
        await ada.sees(lambda: ada.news("online") and names() == ["Ada", "Bob"])
        await ada.ask("join", {"room": "hall"})
        await bob.ask("chat", {"threadId": "hall", "message": "Hello!"})
        self.assertEqual(await ada.hears("chat"), [{"threadId": "hall", "message": "Hello!"}])
        self.assertEqual(await ada.hears("new_message"), [{"threadId": "hall", "from": "Bob"}])
        await bob.ask("leave", {"room": "hall"})
        self.assertEqual(bob.news("chat"), [])
        await bob.leave()
        await ada.sees(lambda: names() == ["Ada"])


class Messages(Story):
    example = "messages"

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="messages-python-")
        self.addCleanup(folder.cleanup)
        self.settings = {"DB": f"{folder.name}/messages.db"}

    async def test_room_lists_survive_restart(self):
        message = {"room": "hall", "author": "Ada", "text": "O'Hara"}
        client = await self.open()
        await client.ask("join", {"room": "hall"})
        await client.ask("send_message", message)
        self.assertEqual(await client.hears("newMessage/hall", 2), [[], [message]])
        self.assertEqual(await self.server.stop(), 0)
        await self.server.start()
        await client.hears("connect", 2)
        client.heard.clear()
        await client.ask("join", {"room": "hall"})
        self.assertEqual(await client.hears("newMessage/hall"), [[message]])
