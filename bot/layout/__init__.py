"""The server's permission layout: as it stands, what is wrong with it, and how to make it right."""
