"""Widgets that Streamlit lacks: state kept in the address, a text copied in one click."""
