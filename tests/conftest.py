"""What every test may ask for; each file of fixtures says what it gives."""

pytest_plugins = ["tests.fixtures.postgres", "tests.fixtures.jobs"]
