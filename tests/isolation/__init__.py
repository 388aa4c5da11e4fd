"""Who may do what with whose: every method of every service, declared and tried."""
