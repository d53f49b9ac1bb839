"""The Import page: reading files and names, the preview, and the import that goes on by itself."""
