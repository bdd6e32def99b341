"""The Taiwan e-Hospital, whose archive doctorqna.com translates."""
