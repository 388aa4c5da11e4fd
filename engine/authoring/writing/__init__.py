"""A model that helps the writer: what it is asked, what it may propose, and how it is taken."""
