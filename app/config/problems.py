"""What is wrong with a configuration: every problem at once, each with its key, its source and what would be right."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. Its text never holds a secret's value."""

    key: str
    """Dotted; empty when the whole source is at fault."""
    source: str
    """A file with its line, or a variable."""
    message: str

    def __str__(self) -> str:
        return f"{self.source}: {self.key}: {self.message}" if self.key else f"{self.source}: {self.message}"


class ConfigError(InvalidInput):
    """Nothing may start on this configuration."""

    code = "invalid_configuration"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "a problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        super().__init__("", f"the configuration has {count}:{lines}")
