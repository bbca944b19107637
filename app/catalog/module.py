"""What the catalogue offers to the container."""

from dishka import Provider, Scope, provide

from app.catalog.beside import Beside
from app.catalog.browse import Catalog


class CatalogModule(Provider):
    scope = Scope.APP
    catalog = provide(Catalog)
    beside = provide(Beside)
