"""What can be asked about, and the side effects: read, acknowledged one by one, sealed."""
