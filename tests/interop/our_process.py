"""A client of ours in a process of its own: `python -m tests.interop.our_process URL ID`, until its input ends."""

import asyncio
import sys

from app.jobs.client import Client, ClientConfig
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.types import QueueConfig
from app.jobs.worker import Workers
from tests.interop.ours import WorkWorker


async def main(database_url: str, client_id: str) -> None:
    driver = PsycopgDriver(lambda: database_url, "river")
    await driver.open()
    client = Client(driver, ClientConfig(id=client_id, queues={"default": QueueConfig(5)}), Workers([WorkWorker()]))
    await client.start()
    await asyncio.to_thread(sys.stdin.read)
    await client.stop_and_cancel()
    await driver.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
