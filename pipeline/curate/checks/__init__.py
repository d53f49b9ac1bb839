"""The quality checks: what in one pair would spoil training, found with its place."""
