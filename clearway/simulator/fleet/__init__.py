"""Container journeys with hidden truth, for a report on what the cold chain's estimator knows."""
