"""Sources: files from elsewhere, fetched, verified, unpacked and decoded."""
