"""Tables: what they are, how they are read and written, and the logs beside them."""
