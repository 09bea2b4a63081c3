"""duetime runs the jobs that cloud-automation bots ask for, at the times they asked for."""
