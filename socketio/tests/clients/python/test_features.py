"""Features with a stock python-socketio client: transports, events, acks, rooms, namespaces, limits."""

import asyncio

import socketio
from socketio.exceptions import ConnectionError, TimeoutError

from server import Client, Story

WAYS = [("polling",), ("websocket",), ("polling", "websocket"), ("websocket", "polling")]


class Transports(Story):
    async def test_transports_work_alone_and_in_both_orders(self):
        for transports in WAYS:
            with self.subTest(transports=transports):
                client = await self.open(transports=transports)
                self.assertEqual(await client.ask("echo", "é", {"deep": [None, "🏋️", 1.5]}), ("é", {"deep": [None, "🏋️", 1.5]}))
                for number in range(100):
                    await client.tell("back", number)
                    if number % 10 == 9:
                        await client.ask("echo")
                self.assertEqual(client.news("back"), list(range(100)))
                # This client upgrades before it reports the connection.
                expected = "polling" if transports == ("polling",) else "websocket"
                self.assertEqual(client.socket.transport(), expected)

    async def test_numbered_events_arrive_in_order_in_both_directions(self):
        async def one(transports):
            client = await self.open(transports=transports)
            await client.tell("stream", 500)
            for number in range(500):
                await client.tell("back", number, bytes([number % 256]))
            self.assertEqual(await client.hears("tick", 500), list(range(500)))
            back = await client.hears("back", 500)
            self.assertEqual(back, [[number, bytes([number % 256])] for number in range(500)])

        await asyncio.gather(*[one(transports) for transports in WAYS[1:] * 4])

    async def test_polling_payload_has_at_most_16_packets(self):
        client = await self.open(transports=("polling",))
        for number in range(50):
            await client.tell("back", number, bytes([number]))
        self.assertEqual(await client.hears("back", 50), [[number, bytes([number])] for number in range(50)])
        self.assertEqual(client.news("disconnect"), [])

    async def test_binary_values_travel_in_both_directions(self):
        for transports in WAYS:
            with self.subTest(transports=transports):
                client = await self.open(transports=transports)
                file = {"name": "two parts", "parts": [b"\x00\x01\xff", b""]}
                answer = await client.ask("file", file, b"\x07")
                self.assertEqual(answer, {"name": "two parts", "parts": [b"\x07", b"", b"\x00\x01\xff"]})
                nested = {"a": [b"\x01", {"b": b"\x02\x03"}], "text": "_placeholder"}
                await client.tell("back", nested, b"\x09" * 300_000, None)
                await client.tell("back", "between")
                await client.tell("back", b"\x04")
                self.assertEqual(await client.hears("back", 3), [[nested, b"\x09" * 300_000, None], "between", b"\x04"])


class Events(Story):
    async def test_acks_work_in_both_directions(self):
        for transports in [("polling",), ("websocket",)]:
            with self.subTest(transports=transports):
                client = await self.open(transports=transports)
                self.assertEqual(await client.ask("sum", 1, 2), 3)
                self.assertEqual(await client.ask("sum", 1, 2, 4), 7)
                self.assertEqual(await client.ask("later", 1), "at last")
                self.assertIsNone(await client.ask("drop"))
                self.assertEqual(await client.ask("echo", 1, [2], None), (1, [2], None))
                client.socket.on("question", lambda *arguments: {"asked": list(arguments)})
                self.assertEqual(await client.ask("ask", 10_000, "why?", b"\x02"), {"asked": ["why?", b"\x02"]})

    async def test_missing_ack_times_out(self):
        client = await self.open()
        with self.assertRaises(TimeoutError):
            await client.socket.call("later", 5_000, timeout=0.05)

        async def never():
            await asyncio.sleep(5)

        client.socket.on("question", never)
        self.assertEqual(await client.ask("ask", 20), {"error": "the client did not answer in time"})

    async def test_send_carries_strings_and_json(self):
        client = await self.open()
        for message in ["text", {"json": [1]}, b"\x01"]:
            await client.socket.send(message)
        self.assertEqual(await client.hears("message", 3), ["text", {"json": [1]}, b"\x01"])

    async def test_wrong_arguments_get_error(self):
        client = await self.open()
        for arguments, error in [
            (("one", 2), 'argument 1: invalid type: string "one", expected i64'),
            ((1,), "argument 2 is missing"),
            ((1, 2, "three"), 'argument 3: invalid type: string "three", expected i64'),
            ((9 * 10**18, 9 * 10**18), "too large"),
        ]:
            with self.subTest(arguments=arguments):
                self.assertEqual(await client.ask("sum", *arguments), {"error": error})
        self.assertEqual(await client.ask("nothing"), {"error": 'nobody handles the event "nothing"'})
        self.assertEqual(await client.ask("sum", 1, 2), 3)

    async def test_unhandled_event_reaches_fallback(self):
        client = await self.open(["/any"])
        await client.tell("anything", 1, "two", namespace="/any")
        self.assertEqual(await client.hears("caught", namespace="/any"), [["anything", False, [1, "two"]]])


class Namespaces(Story):
    async def test_namespaces_share_connection(self):
        client = await self.open(["/", "/second", "/org-7"])
        self.assertEqual(await client.ask("where", namespace="/org-7"), ["/org-7", "7"])
        for namespace, word in [("/", "in the first"), ("/second", "in the second")]:
            await client.ask("say", [], [], word, namespace=namespace)
            self.assertEqual(client.news("said", namespace), [word])
        self.assertEqual(len({client.socket.get_sid(namespace) for namespace in client.namespaces}), 3)

    async def test_authorizer_receives_auth(self):
        client = await self.open(["/members"], auth={"user": "Ada", "password": "secret"})
        self.assertEqual(await client.ask("whoami", namespace="/members"), "Ada")

    async def test_refused_client_gets_reason(self):
        for namespace, auth, sentence, data in [
            ("/members", {"user": "Eve", "password": "guess"}, "not allowed", {"code": 401, "again": True}),
            ("/members", None, "missing field `user`", None),
            ("/nothing", None, "Invalid namespace", None),
        ]:
            with self.subTest(namespace=namespace, auth=auth):
                client = Client([namespace], reconnection=False)
                refused = []
                client.socket.on("connect_error", refused.append, namespace=namespace)
                with self.assertRaises(ConnectionError):
                    await client.socket.connect(self.server.url, namespaces=[namespace], auth=auth, transports=["websocket"])
                self.assertIn(sentence, refused[0]["message"])
                self.assertEqual(refused[0].get("data"), data)
                await client.socket.shutdown()


class Rooms(Story):
    async def test_event_reaches_sockets_of_room(self):
        a, b, c = [await self.open(transports=way) for way in [("polling",), ("websocket",), ("polling", "websocket")]]
        await a.ask("join", "one")
        await b.ask("join", "one")
        for speaker, event, to, heard in [
            (c, "say", (["one"], []), "ab"),
            (c, "say", ([], ["one"]), "c"),
            (c, "say", ([b.socket.get_sid()], []), "b"),
            (a, "to", ("one",), "b"),
            (a, "except", ("one",), "c"),
            (a, "others", (), "bc"),
        ]:
            with self.subTest(event=event, to=to):
                for client in (a, b, c):
                    client.heard.clear()
                await speaker.ask(event, *to, "x", b"\x01")
                for client in (a, b, c):
                    await client.ask("echo")
                by = [name for name, client in zip("abc", (a, b, c)) if client.news("said") == [["x", b"\x01"]]]
                self.assertEqual("".join(by), heard)

    async def test_broadcast_acks_contain_all_replies(self):
        clients = [await self.open() for _ in range(3)]
        for number, client in enumerate(clients):
            client.socket.on("question", lambda what, number=number: (what, number))
        answer = await clients[0].ask("ask_all", [], 10_000)
        expected = {client.socket.get_sid(): ["all", number] for number, client in enumerate(clients)}
        self.assertEqual((dict(answer["replies"]), answer["missing"]), (expected, []))


class Limits(Story):
    async def test_exceeded_limits_get_error(self):
        client = await self.open(path="limits")
        self.assertIn("at most 10000 are taken", (await client.ask("echo", "x" * 20_000))["error"])
        self.assertIn("at most 10000 are taken", (await client.ask("echo", b"x" * 20_000))["error"])
        deep = [[[[[[1]]]]]]
        self.assertEqual(await client.ask("echo", deep), {"error": "the data is nested deeper than 5 levels"})
        answers = await asyncio.gather(*[client.ask("echo", number) for number in range(30)])
        self.assertIn({"error": "at most 10 events a second are taken: slow down"}, answers)
        self.assertEqual(client.news("disconnect"), [])


class Ends(Story):
    async def test_server_disconnects_client(self):
        watcher = await self.open()
        for transports in [("polling",), ("websocket",)]:
            for event in ["leave me", "close me"]:
                with self.subTest(transports=transports, event=event):
                    watcher.heard.clear()
                    client = await self.open(transports=transports)
                    sid = client.socket.get_sid()
                    await client.tell(event)
                    reasons = await client.hears("disconnect")
                    self.assertEqual(reasons, [socketio.AsyncClient.reason.SERVER_DISCONNECT])
                    self.assertEqual(await watcher.hears("gone"), [[sid, "server disconnect"]])

    async def test_client_disconnects(self):
        watcher, client = await self.open(), await self.open(transports=("polling",))
        sid = client.socket.get_sid()
        await client.leave()
        self.assertEqual(await watcher.hears("gone"), [[sid, "client disconnect"]])

    async def comes_back(self, transports, how):
        client = await self.open(["/", "/second"], transports=transports)
        await how()
        await self.server.start()
        await client.hears("connect", 2)
        await client.hears("connect", 2, namespace="/second")
        self.assertEqual(await client.ask("echo", 1), 1)
        self.assertEqual(await client.ask("echo", 2, namespace="/second"), 2)
        await client.leave()

    async def test_client_reconnects_after_restart(self):
        for transports in WAYS[1:]:
            for how in (self.server.stop, self.server.kill):
                with self.subTest(transports=transports, how=how.__name__):
                    await self.comes_back(transports, how)

    async def test_polling_client_reconnects_after_crash(self):
        await self.comes_back(("polling",), self.server.kill)

    async def test_polling_client_reconnects_after_stop(self):
        await self.comes_back(("polling",), self.server.stop)
