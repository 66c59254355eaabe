"""Tables: their schemas, reading and writing them, and log files."""
