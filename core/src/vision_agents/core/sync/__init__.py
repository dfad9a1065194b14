"""The A/V sync engine: pure, without tasks or I/O; time is an argument."""
