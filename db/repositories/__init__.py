"""All queries, by subject. A repository lives inside one unit of work."""
