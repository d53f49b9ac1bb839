"""The store: the only code that knows DuckDB. Rows and transactions, no curation or training."""
