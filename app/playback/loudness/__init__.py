"""How loud songs and albums are, by EBU R 128, so that clients can play all of them equally loud (ReplayGain 2.0)."""
