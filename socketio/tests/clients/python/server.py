"""A separate example program for each test, on a free port, and stock clients. All of it ends with the test."""

import asyncio
import os
import pathlib
import unittest

import socketio

ROOT = pathlib.Path(__file__).resolve().parents[4]
PROGRAMS = pathlib.Path(os.environ.get("SOCKETIO_EXAMPLES", ROOT / "target/debug/examples"))

# Timeout of every operation in seconds; far longer than a loaded machine needs.
PATIENCE = 20


class Server:
    def __init__(self, example, settings):
        self.example, self.settings, self.port, self.process = example, settings, 0, None

    async def start(self):
        env = {**os.environ, "RUST_BACKTRACE": "0", **self.settings, "PORT": str(self.port)}
        program = PROGRAMS / self.example
        self.process = await asyncio.create_subprocess_exec(program, env=env, stdout=asyncio.subprocess.PIPE)
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        self.port = int(line.decode().rsplit(":", 1)[1])

    async def stop(self):
        self.process.terminate()
        return await asyncio.wait_for(self.process.wait(), PATIENCE)

    async def kill(self):
        self.process.kill()
        await asyncio.wait_for(self.process.wait(), PATIENCE)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"


class Client:
    """A stock client, and the events that it has received in each namespace."""

    def __init__(self, namespaces, **options):
        self.socket = socketio.AsyncClient(reconnection_delay=0.05, reconnection_delay_max=0.2, **options)
        self.namespaces, self.heard, self.gone = namespaces, [], []
        self.changed = asyncio.Condition()
        for namespace in namespaces:
            self.socket.on("*", self.listener(namespace), namespace=namespace)
            self.socket.on("connect", self.listener(namespace, "connect"), namespace=namespace)
            self.socket.on("disconnect", self.listener(namespace, "disconnect"), namespace=namespace)

    def listener(self, namespace, name=None):
        async def hear(*arguments):
            event, *rest = (name, *arguments) if name else arguments
            async with self.changed:
                self.heard.append((namespace, event, *rest))
                self.changed.notify_all()

        return hear

    def news(self, event, namespace="/"):
        """The arguments of each received event of that name."""
        return [rest[0] if len(rest) == 1 else rest for (where, what, *rest) in self.heard if (where, what) == (namespace, event)]

    async def sees(self, so):
        async with self.changed:
            await asyncio.wait_for(self.changed.wait_for(so), PATIENCE)

    async def hears(self, event, count=1, namespace="/"):
        await self.sees(lambda: len(self.news(event, namespace)) >= count)
        return self.news(event, namespace)

    async def ask(self, event, *arguments, namespace="/"):
        """The server's ack. Everything that it sent this client earlier has arrived by then."""
        payload = arguments[0] if len(arguments) == 1 and not isinstance(arguments[0], tuple) else arguments
        return await self.socket.call(event, payload, namespace=namespace, timeout=PATIENCE)

    async def leave(self):
        """Disconnects. This client omits the packet while one of its POSTs is pending."""
        if self.socket.connected:
            await self.socket.eio.queue.join()
        await self.socket.shutdown()

    async def tell(self, event, *arguments, namespace="/"):
        await self.socket.emit(event, arguments, namespace=namespace)


class Story(unittest.IsolatedAsyncioTestCase):
    example, settings = "features", {}

    async def asyncSetUp(self):
        # Slow operations here are those of the client; thousands of warnings about it do not help.
        asyncio.get_running_loop().set_debug(False)
        self.server = Server(self.example, self.settings)
        await self.server.start()
        self.addAsyncCleanup(self.end)

    async def end(self):
        if self.server.process.returncode is None:
            self.assertEqual(await self.server.stop(), 0)

    async def open(self, namespaces=("/",), transports=("websocket",), path="socket.io", auth=None, url=None, **options):
        client = Client(namespaces, **options)
        # Also stops a client that is reconnecting.
        self.addAsyncCleanup(client.leave)
        await client.socket.connect(
            url or self.server.url,
            namespaces=list(namespaces),
            transports=list(transports),
            socketio_path=path,
            auth=auth,
            wait_timeout=PATIENCE,
        )
        return client
