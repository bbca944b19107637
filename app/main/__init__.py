"""The composition: the one place that names every module, decides what starts, and in which order."""

from app.main.application import Application, application
from app.main.graph import graph
from app.main.run import serve, work

__all__ = ["Application", "application", "graph", "serve", "work"]
