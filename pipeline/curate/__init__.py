"""Curate: from files to pairs worth training on."""
