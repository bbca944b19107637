"""Rows of queues: made, kept alive, paused, annotated, forgotten (contract 11)."""

from datetime import UTC, datetime, timedelta


async def set_back(factory):
    await factory.connection.execute(
        "UPDATE river.river_queue SET created_at = now() - interval '2 days', updated_at = now() - interval '2 days'"
    )


async def test_a_queue_is_made_once_and_kept_alive_after(driver, factory):
    first = await driver.queue_create_or_set_updated_at("default")
    assert (first.name, first.metadata, first.paused_at) == ("default", b"{}", None)
    await driver.queue_update("default", b'{"limit": 1.10}')
    await driver.queue_pause("default")
    await set_back(factory)
    before = await driver.queue_get("default")

    again = await driver.queue_create_or_set_updated_at("default")

    assert again.updated_at > before.updated_at + timedelta(days=1)
    assert (again.created_at, again.metadata, again.paused_at) == (
        before.created_at,
        b'{"limit": 1.10}',
        before.paused_at,
    )


async def test_pausing_twice_keeps_the_first_time(driver, factory):
    await driver.queue_create_or_set_updated_at("default")
    await set_back(factory)
    assert await driver.queue_pause("default")
    paused = await driver.queue_get("default")
    assert paused.paused_at == paused.updated_at

    assert await driver.queue_pause("default")

    assert await driver.queue_get("default") == paused


async def test_resuming_touches_only_a_paused_queue(driver, factory):
    await driver.queue_create_or_set_updated_at("default")
    await set_back(factory)
    before = await driver.queue_get("default")
    assert await driver.queue_resume("default")
    assert await driver.queue_get("default") == before
    await driver.queue_pause("default")

    assert await driver.queue_resume("default")

    after = await driver.queue_get("default")
    assert after.paused_at is None
    assert after.updated_at > before.updated_at


async def test_a_star_means_all_there_are(driver):
    assert await driver.queue_pause("*")
    for name in ("b", "a"):
        await driver.queue_create_or_set_updated_at(name)

    assert await driver.queue_pause("*")
    assert all(queue.paused_at for queue in await driver.queue_list())
    assert await driver.queue_resume("*")
    assert not any(queue.paused_at for queue in await driver.queue_list())


async def test_unknown_names_are_told(driver):
    assert not await driver.queue_pause("none")
    assert not await driver.queue_resume("none")
    assert await driver.queue_get("none") is None
    assert await driver.queue_update("none", b"{}") is None


async def test_listing_is_by_name_and_limited(driver):
    for name in ("c", "a", "b"):
        await driver.queue_create_or_set_updated_at(name)

    assert [queue.name for queue in await driver.queue_list(2)] == ["a", "b"]


async def test_idle_queues_are_forgotten_in_batches(driver, factory):
    for name in ("a", "b", "c"):
        await driver.queue_create_or_set_updated_at(name)
    await set_back(factory)
    await driver.queue_create_or_set_updated_at("alive")
    before = datetime.now(UTC) - timedelta(days=1)

    assert sorted(await driver.queue_delete_expired(before=before, limit=2)) == ["a", "b"]
    assert await driver.queue_delete_expired(before=before, limit=2) == ["c"]
    assert [queue.name for queue in await driver.queue_list()] == ["alive"]
