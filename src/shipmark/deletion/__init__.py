"""Workflows that delete across packages: releases, repositories, projects, organizations."""
