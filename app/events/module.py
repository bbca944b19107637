"""What looking on offers to the container: the hub, and an ear at the library."""

from dishka import Provider, Scope, provide

from app.events.hub import EventHub
from app.events.listeners import LibraryEvents
from app.events.log import EventLog
from app.library.ports import LibraryListener


class EventsModule(Provider):
    scope = Scope.APP

    log = provide(EventLog)
    hub = provide(EventHub)
    library_events = provide(LibraryEvents, provides=LibraryListener)
