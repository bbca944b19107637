"""Here a node is one whose searches go to Typesense; everywhere else it is a process of its own."""

import pytest

from tests.fixtures.typesense_bench import TypesenseBench


@pytest.fixture
def node(typesense_node: TypesenseBench) -> TypesenseBench:
    return typesense_node
