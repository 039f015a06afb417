"""Pages for risk analysts: what the selection finds, its rules, models, drift and fairness."""
