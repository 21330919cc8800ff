"""What a maintenance is: pure values and rules, without Django and without I/O."""
