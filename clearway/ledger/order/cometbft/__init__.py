"""The order on CometBFT: application, node manager, client."""
