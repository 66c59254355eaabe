"""The built-in default run: people who do not exist, and a network trained on others like them."""
