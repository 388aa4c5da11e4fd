"""What people see: drawn with Streamlit, decided by the engine."""
