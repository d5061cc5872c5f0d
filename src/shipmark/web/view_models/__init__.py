"""View models of pages, made from the models of domain packages for templates."""
