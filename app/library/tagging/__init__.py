"""What a music file's own tags say, the same words whatever format they were written in."""

from app.library.tagging.tags import Credit, MusicTags

__all__ = ["Credit", "MusicTags"]
