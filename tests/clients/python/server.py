"""A server for one test: the built program, a folder and a free port."""

import asyncio
import os
import pathlib
import tempfile
import unittest

import socketio

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROGRAM = os.environ.get("ROWCAST_PROGRAM", ROOT / "target/debug/planner")
COLLECTIONS = ["coaches", "workout_plans", "exercise_moves", "schedules"]

# In seconds; far more than a loaded machine needs.
TIMEOUT = 20


class Server:
    def __init__(self, folder, sample):
        self.folder, self.sample, self.port, self.process = folder, sample, 0, None

    async def start(self):
        settings = {
            "--bind": f"127.0.0.1:{self.port}",
            "--database-url": f"sqlite://{self.folder}/gym.db",
            "--sample-data": self.sample,
        }
        arguments = [word for setting in settings.items() for word in setting]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("ROWCAST_", "DATABASE_URL"))}
        self.process = await asyncio.create_subprocess_exec(
            PROGRAM, *arguments, env=clean, stdout=asyncio.subprocess.PIPE
        )
        line = await asyncio.wait_for(self.process.stdout.readline(), TIMEOUT)
        self.port = int(line.decode().rsplit(":", 1)[1])

    async def stop(self):
        self.process.terminate()
        return await asyncio.wait_for(self.process.wait(), TIMEOUT)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"


class Client:
    """A stock client, with the collections as they were last sent."""

    def __init__(self, **options):
        self.socket = socketio.AsyncClient(reconnection_delay=0.05, reconnection_delay_max=0.2, **options)
        self.rows, self.greetings, self.events = {}, [], []
        self.changed = asyncio.Condition()
        self.socket.on("*", self.on_event)

    async def on_event(self, event, *arguments):
        async with self.changed:
            self.events.append(event)
            if event in COLLECTIONS:
                self.rows[event] = arguments[0]
            if event == "connected":
                self.greetings.append(arguments[0])
            self.changed.notify_all()

    async def connect(self, server, auth=None):
        await self.socket.connect(server.url, auth=auth, transports=["websocket"], wait_timeout=TIMEOUT)
        await self.wait_for(lambda: len(self.rows) == len(COLLECTIONS))
        return self

    async def request(self, event, *payload):
        return await self.socket.call(event, payload if len(payload) != 1 else payload[0], timeout=TIMEOUT)

    async def wait_for(self, condition):
        async with self.changed:
            await asyncio.wait_for(self.changed.wait_for(condition), TIMEOUT)


class ServerTestCase(unittest.IsolatedAsyncioTestCase):
    sample = "always"

    async def asyncSetUp(self):
        folder = tempfile.TemporaryDirectory(prefix="rowcast-python-")
        self.addCleanup(folder.cleanup)
        self.server = Server(folder.name, self.sample)
        await self.server.start()
        self.addAsyncCleanup(self.end)

    async def end(self):
        if self.server.process.returncode is None:
            self.assertEqual(await self.server.stop(), 0)

    async def open(self, **options):
        client = Client(**options)
        # Also stops a client that is reconnecting.
        self.addAsyncCleanup(client.socket.shutdown)
        return await client.connect(self.server)
