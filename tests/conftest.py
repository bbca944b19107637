"""What every test may ask for; each file of fixtures says what it gives."""

pytest_plugins = [
    "tests.fixtures.postgres",
    "tests.fixtures.jobs",
    "tests.fixtures.clients",
    "tests.fixtures.wire",
    "tests.fixtures.shelf",
    "tests.fixtures.web",
    "tests.fixtures.films",
    "tests.fixtures.node",
    "tests.fixtures.media",
    "tests.fixtures.tree",
    "tests.fixtures.library",
]
