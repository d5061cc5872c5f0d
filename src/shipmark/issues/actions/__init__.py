"""What can be done with issues? One module for each verb."""
