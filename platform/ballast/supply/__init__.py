"""Everything the platform runs, built or unpacked from locked sources."""
