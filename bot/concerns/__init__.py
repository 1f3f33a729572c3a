"""What members tell the team about others: telling it, looking into it, and who must not hear of it."""
