-- What was imported, so that a second import of the same file is recognised: one row a file.
CREATE TABLE imports (
    action_id BIGINT NOT NULL, dataset_id BIGINT NOT NULL, file VARCHAR NOT NULL,
    size_bytes BIGINT NOT NULL, sha1 VARCHAR NOT NULL, mapping VARCHAR NOT NULL,
    pair_count BIGINT NOT NULL, refused_count BIGINT NOT NULL);
