"""Who is watching what, in which form: playbacks, and the transcodes that they share."""
