"""The durable state: one SQLite file per dataflow. Named SQL in queries.sql, the schema in migrations/."""
