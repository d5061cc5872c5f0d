"""Where are files kept: their blobs, what they are made of, and what nobody uses?"""
