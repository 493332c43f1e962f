"""The V2 generation: OAuth2, JSON, references, searchId paging (contract 3.1, 4.1, 6.1, 7 to 12)."""
