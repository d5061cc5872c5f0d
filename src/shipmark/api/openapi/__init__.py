"""The API as an OpenAPI document, made of what the routes declare."""
