"""Where does the code come from? Repositories, commits, their authors and the files they change."""
