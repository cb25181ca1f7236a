"""What the pages of the Streamlit app share."""
