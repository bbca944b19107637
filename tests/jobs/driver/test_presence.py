"""Which nodes are there, and which have gone silent (design 3)."""


async def silence(factory, client_id):
    await factory.connection.execute(
        "UPDATE river.revenge_client SET seen_at = now() - interval '20 s' WHERE id = %s", [client_id]
    )


async def test_a_sign_of_life_keeps_the_start(driver, factory):
    await driver.client_upsert(client_id="a", queues=["default", "high"])
    await silence(factory, "a")
    (before,) = await driver.client_list()

    await driver.client_upsert(client_id="a", queues=["low"])

    (after,) = await driver.client_list()
    assert (before.queues, after.queues) == (("default", "high"), ("low",))
    assert after.started_at == before.started_at
    assert after.seen_at > before.seen_at


async def test_the_silent_are_gone(driver, factory):
    await driver.client_upsert(client_id="alive", queues=[])
    await driver.client_upsert(client_id="silent", queues=[])
    await silence(factory, "silent")

    assert await driver.client_get_gone(unseen_for=15) == ["silent"]
    assert await driver.client_get_gone(unseen_for=30) == []


async def test_their_running_jobs_are_found_by_the_newest_attempt(driver, factory):
    theirs = await factory.id_of(state="running", attempted_by=["other", "silent"])
    await factory.id_of(state="running", attempted_by=["silent", "other"])
    await factory.id_of(state="retryable", attempted_by=["silent"])

    found = await driver.job_get_running_by_clients(client_ids=["silent", "another"], limit=10)

    assert [job.id for job in found] == [theirs]


async def test_a_gone_client_is_forgotten_when_its_jobs_are(driver, factory):
    for name in ("busy", "idle", "alive"):
        await driver.client_upsert(client_id=name, queues=[])
    job_id = await factory.id_of(state="running", attempted_by=["busy"])

    await driver.client_delete_gone(["busy", "idle"])
    assert [client.id for client in await driver.client_list()] == ["alive", "busy"]

    await factory.connection.execute("UPDATE river.river_job SET state = 'available' WHERE id = %s", [job_id])
    await driver.client_delete_gone(["busy", "idle"])
    assert [client.id for client in await driver.client_list()] == ["alive"]


async def test_a_client_that_leaves_is_forgotten(driver):
    await driver.client_upsert(client_id="a", queues=[])

    await driver.client_delete("a")

    assert await driver.client_list() == []
