"""The verdict on a release: is it worse in an environment than the releases that were current before it?"""
