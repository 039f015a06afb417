"""What a sealed model is read by: trees of LightGBM and XGBoost, and the glass box."""
