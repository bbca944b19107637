"""What the vault offers to the container."""

from dishka import Provider, Scope, provide

from app.db.base import Base
from app.db.tx import Transactions
from app.vault.rotation import Rotation
from app.vault.vault import Vault


class VaultModule(Provider):
    scope = Scope.APP

    vault = provide(Vault)

    @provide
    def rotation(self, vault: Vault, transactions: Transactions) -> Rotation:
        return Rotation(vault, transactions, Base.metadata)
