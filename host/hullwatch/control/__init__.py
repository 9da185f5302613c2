"""One owner of a port: who it is, and the socket through which the others ask it."""
