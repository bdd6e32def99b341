"""doctorqna.com, the archive that this project began with."""
