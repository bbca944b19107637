"""What the catalogue offers to the container."""

from dishka import Provider, Scope, provide

from app.catalog.browse import Catalog


class CatalogModule(Provider):
    scope = Scope.APP
    catalog = provide(Catalog)
