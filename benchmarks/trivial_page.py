"""The page that ours are compared with: four widgets and nothing behind them."""

import streamlit as st

st.title("Hello")
st.text_input("Name")
st.selectbox("Colour", ["red", "green", "blue"])
st.slider("How much", 0, 10)
st.button("Go")
