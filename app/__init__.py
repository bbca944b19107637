"""Revenge: a self-hosted media server whose background work is River."""

__version__ = "0.1.0"
