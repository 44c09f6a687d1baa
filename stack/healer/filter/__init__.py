"""What stands between a healer and the engine: it alone holds the socket, and asks for little on anybody's behalf."""
