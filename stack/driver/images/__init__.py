"""Images: which there are, where each comes from, how ours are built, what an engine says of them."""
