"""Classifying: the verdict on a ticket, with what people have said of it."""
