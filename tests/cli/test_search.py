"""`revenge search`: who searches, and everything made anew."""


async def test_who_searches_is_shown(revenge):
    shown = (await revenge("search", "show", "--json")).json
    assert (shown["engine"], shown["documents"], shown["waiting"], shown["problem"]) == ("postgresql", 0, 0, None)
    assert (await revenge("search", "show")).out == "postgresql: 0 items, 0 changes wait\n"


async def test_what_is_found_is_listed(revenge, shelf, index):
    item = await shelf.item(await shelf.library(), "Metropolis", year=1927)
    await index.rebuild()
    found = await revenge("search", "find", "metroplis")
    assert found.rows == [
        ["ID", "TITLE", "YEAR", "KIND", "STATE"],
        [str(item), "Metropolis", "1927", "movie", "present"],
    ]
    assert (await revenge("search", "find", "elsewhere", "--json")).json == {"items": []}
    wrong = await revenge("search", "find", "x", "--limit", "0")
    assert (wrong.code, wrong.err.count("\n")) == (2, 1)


async def test_everything_is_made_anew_once_however_often_it_is_asked_for(revenge):
    first = await revenge("search", "reindex")
    assert (first.code, first.out.endswith("asked for\n")) == (0, True)
    again = (await revenge("search", "reindex", "--json")).json
    assert again["duplicate"] is True
    assert (again["job"]["kind"], again["job"]["args"]) == ("catalog.rebuild_index", {"everything": True})


async def test_a_typesense_that_is_away_is_told(revenge, monkeypatch):
    monkeypatch.setenv("REVENGE_SEARCH__TYPESENSE__URL", "http://127.0.0.1:9")
    monkeypatch.setenv("REVENGE_SEARCH__TYPESENSE__API_KEY", "key")
    shown = (await revenge("search", "show", "--json")).json
    assert shown["engine"] == "postgresql"
    assert shown["problem"]
    assert "Typesense is not asked" in (await revenge("search", "show")).out


async def test_half_a_typesense_is_a_mistake_and_named(revenge, monkeypatch):
    monkeypatch.setenv("REVENGE_SEARCH__TYPESENSE__URL", "http://127.0.0.1:9")
    told = await revenge("search", "show")
    assert told.code == 2
    assert "search.typesense" in told.err
    assert "url and api_key must be set together" in told.err
