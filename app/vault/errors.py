"""What can be wrong with a sealed secret, and with the keys."""

from pathlib import Path

from app.errors import AppError, Conflict, Unavailable


class SecretUnreadable(AppError):
    """It was changed, or it was put where it does not belong. What it says is not to be trusted, so nothing is said."""

    code = "secret_unreadable"

    def __init__(self, place: object) -> None:
        super().__init__(f"the secret in {place} is not what was sealed there; enter it again")


class KeyMissing(Unavailable):
    code = "secrets_key_missing"

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"a secret was sealed with the key {key_id}, which this node does not have; copy secrets.key here from the "
            "node that has it (see: revenge secrets list)"
        )
        self.key_id = key_id


class WrongSecretsKey(Conflict):
    """This node and the database do not belong together, or the key was lost."""

    code = "wrong_secrets_key"

    def __init__(self, wanted: str, had: list[str]) -> None:
        super().__init__(
            f"the secrets in this database are sealed with the key {wanted}, and this node has {', '.join(had)}. "
            "Nodes that share a database share the key: copy secrets.key from the data directory of a node that works, "
            "or set secrets.key_file or REVENGE_SECRETS__KEY. If the key is lost, `revenge secrets reset` forgets what "
            "it sealed"
        )


class KeyFileUnusable(Unavailable):
    code = "secrets_key_file"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"the key for secrets cannot be kept in {path}: {reason}. Name another place in secrets.key_file, or give "
            "the key in REVENGE_SECRETS__KEY"
        )


class KeyIsConfigured(Conflict):
    code = "secrets_key_configured"

    def __init__(self) -> None:
        super().__init__(
            "the key is in the configuration, where only you can change it: write the new one in front of it, with a "
            "comma between (openssl rand -base64 32 makes one), on every node; restart them; then rotate"
        )
