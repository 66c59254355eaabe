"""The embedded default: people who do not exist, and a network trained on them."""
