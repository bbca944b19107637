"""Revenge: a self-hosted media server whose background work is River."""
