"""The lake: facts as Parquet files, queried with DuckDB. It knows no word of trade."""
