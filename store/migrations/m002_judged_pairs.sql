-- What is known of a pair beside its text. A person sets the tags; the rest is measured, and
-- `judged_version` says of which version of the pair (0: never).
ALTER TABLE pairs ADD COLUMN tags VARCHAR[] DEFAULT [];
ALTER TABLE pairs ADD COLUMN flags VARCHAR[] DEFAULT [];
ALTER TABLE pairs ADD COLUMN language VARCHAR DEFAULT '';
ALTER TABLE pairs ADD COLUMN quality REAL DEFAULT NULL;
ALTER TABLE pairs ADD COLUMN judged_version BIGINT DEFAULT 0;
