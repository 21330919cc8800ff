"""Everything a contributor runs: embedded services, the database template, the demo and its sample mail."""
