-- Run once, when the database directory is empty: Prefect keeps its own database.
CREATE DATABASE prefect;
