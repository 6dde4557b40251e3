"""The commands as pytest fixtures."""
