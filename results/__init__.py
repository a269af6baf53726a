"""What came out: pictures, tables and measurements."""
