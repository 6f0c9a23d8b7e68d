"""What the programs in examples/python print, run as their reader would run them."""

import asyncio
import json
import sys

from server import TIMEOUT, ROOT, ServerTestCase

EXAMPLES = ROOT / "examples/python"


class Examples(ServerTestCase):
    async def run_example(self, name, *arguments, at=None):
        command = [sys.executable, EXAMPLES / name, *arguments, at or self.server.url]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
        self.addAsyncCleanup(self.kill, process)
        return process

    async def kill(self, process):
        if process.returncode is None:
            process.kill()
        await process.communicate()

    async def line(self, process):
        return (await asyncio.wait_for(process.stdout.readline(), TIMEOUT)).decode().rstrip("\n")

    async def add(self, *arguments, at=None):
        process = await self.run_example("add_coach.py", *arguments, at=at)
        out, errors = await asyncio.wait_for(process.communicate(), TIMEOUT)
        return process.returncode, out.decode(), errors.decode()

    async def watch(self):
        process = await self.run_example("watch.py")
        lines = [await self.line(process) for _ in range(4)]
        self.assertEqual(lines, ["= coaches 5", "= workout_plans 3", "= exercise_moves 6", "= schedules 36"])
        return process

    async def test_watch_prints_changes_of_others(self):
        watch = await self.watch()
        code, out, errors = await self.add("Ada Byron", "36", "https://example.com/ada.png")
        self.assertEqual((code, out, errors), (0, "added Ada Byron as coach 6\n", ""))
        row = {"id": 6, "name": "Ada Byron", "age": 36, "picture": "https://example.com/ada.png"}
        row |= {"username": None, "version": 1}
        self.assertEqual(await self.line(watch), f"+ coaches {json.dumps(row)}")

        other = await self.open()
        await other.request("update_coach", {"id": 6, "name": "Ada 🏋️"})
        row |= {"name": "Ada 🏋️", "version": 2}
        self.assertEqual(await self.line(watch), f"~ coaches {json.dumps(row, ensure_ascii=False)}")
        await other.request("delete_coach", {"id": 6})
        self.assertEqual(await self.line(watch), f"- coaches {json.dumps(row, ensure_ascii=False)}")

    async def test_invalid_payload_returns_errors_by_field(self):
        code, out, errors = await self.add("A", "17", "ada.png")
        self.assertEqual((code, out), (1, ""))
        self.assertEqual([line.split(":")[0] for line in errors.splitlines()], ["age", "name", "picture"])

    async def test_write_without_server_is_carried_out_after_start(self):
        watch = await self.watch()
        self.assertEqual(await self.server.stop(), 0)
        add = asyncio.create_task(self.add("Ada Byron", "36", "https://example.com/ada.png"))
        await self.server.start()
        self.assertEqual((await add)[:2], (0, "added Ada Byron as coach 6\n"))
        # It came back with its cursor, so this is all that it has to say.
        self.assertIn('"name": "Ada Byron"', await self.line(watch))

    async def test_write_with_lost_ack_is_carried_out_once(self):
        other = await self.open()
        line = await Line.open(self.server.port)
        self.addAsyncCleanup(line.close)
        add = asyncio.create_task(self.add("Ada Byron", "36", "https://example.com/ada.png", at=line.url))
        await other.wait_for(lambda: len(other.rows["coaches"]) == 6)
        line.cut()
        self.assertEqual((await add)[:2], (0, "added Ada Byron as coach 6\n"))
        self.assertEqual(len(line.calls), 2)
        ack = await other.request("list_coaches")
        self.assertEqual([row["name"] for row in ack["data"]["rows"]][5:], ["Ada Byron"])


class Line:
    """A connection to the server whose first call hears nothing any more once it is connected, until it is cut."""

    @classmethod
    async def open(cls, port):
        line = cls()
        line.port, line.calls = port, []
        line.listener = await asyncio.start_server(line.call, "127.0.0.1", 0)
        line.url = f"http://127.0.0.1:{line.listener.sockets[0].getsockname()[1]}"
        return line

    async def call(self, reader, writer):
        first = not self.calls
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
        self.calls.append((writer, back))
        await asyncio.gather(self.pass_on(reader, back), self.pass_on(there, writer, mute=first))

    async def pass_on(self, reader, writer, mute=False):
        try:
            passing = True
            while data := await reader.read(1 << 16):
                if passing:
                    writer.write(data)
                # The answer to the client's `40`, which comes before anything that it waits for.
                passing = passing and not (mute and b'40{"sid":' in data)
        except ConnectionError:
            pass
        writer.close()

    def cut(self):
        for writer in self.calls[0]:
            writer.transport.abort()

    async def close(self):
        self.listener.close()
        for call in self.calls:
            for writer in call:
                writer.transport.abort()
