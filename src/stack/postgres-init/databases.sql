-- The image runs this when its volume is new. The same databases as the process provider makes, and one for the
-- registry, whose image keeps its schemas in PostgreSQL.
create database supabase;
create database dos;
create database pas;
create database services;
create database fhir;
create database registry;
