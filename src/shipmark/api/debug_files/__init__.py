"""Debug files of native and mobile builds, and mappings of ProGuard, as clients upload and manage them."""
