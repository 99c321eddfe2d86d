"""When a job runs: schedule texts of four dialects, compiled."""
