"""How is somebody or something shown? By a photo that was uploaded, or by letters in a colour."""
