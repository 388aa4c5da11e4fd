"""Tables, every query and the unit of work. Knows SQLAlchemy, and nothing of the rest of the house."""
