"""`revenge secrets`."""


async def test_keys_are_listed_prepared_rotated_and_forgotten(revenge):
    (first,) = (await revenge("secrets", "list", "--json")).json["keys"]
    assert (first["is_current"], first["is_here"], first["secrets"]) == (False, True, 0)

    prepared = await revenge("secrets", "prepare")
    rotated = (await revenge("secrets", "rotate", "--json")).json
    again = await revenge("secrets", "rotate")

    assert prepared.out.startswith(f"key {rotated['key']} is in ")
    assert (rotated["resumed"], rotated["resealed"], rotated["unreadable"]) == (False, 0, [])
    assert again.out.endswith(": 0 secrets sealed anew\n")
    rows = (await revenge("secrets", "list")).rows
    assert [row[1:4] for row in rows[1:]] == [["yes", "yes", "0"], ["-", "yes", "0"], ["-", "yes", "0"]]
    assert [row[0] for row in rows[2:]] == [rotated["key"], first["id"]]

    refused = await revenge("secrets", "reset")
    assert (refused.code, "--yes" in refused.err) == (2, True)
    assert (await revenge("secrets", "reset", "--yes")).out.startswith("0 secrets forgotten")
