"""Issues that are public: what anyone sees of one who has its address."""
