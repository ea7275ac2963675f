"""Characters: repair, normal forms, list marks, sentence ends. Pure functions; nothing here knows spaCy."""
