CREATE TABLE counters (kind VARCHAR NOT NULL, next BIGINT NOT NULL);
INSERT INTO counters VALUES
    ('dataset', 1), ('pair', 1), ('action', 1), ('cluster', 1), ('export', 1), ('comparison', 1);

CREATE TABLE settings (key VARCHAR NOT NULL, value VARCHAR NOT NULL);

CREATE TABLE datasets (
    id BIGINT NOT NULL, name VARCHAR NOT NULL, role VARCHAR NOT NULL, domain VARCHAR NOT NULL,
    trigger VARCHAR NOT NULL, created_at TIMESTAMPTZ NOT NULL);

CREATE TABLE pairs (
    id BIGINT NOT NULL, dataset_id BIGINT NOT NULL, question VARCHAR NOT NULL,
    answer VARCHAR NOT NULL, context VARCHAR NOT NULL, system VARCHAR, history VARCHAR NOT NULL,
    facts VARCHAR[] NOT NULL, status VARCHAR NOT NULL, duplicate_of BIGINT, note VARCHAR NOT NULL,
    source_file VARCHAR NOT NULL, source_row BIGINT NOT NULL, version BIGINT NOT NULL,
    import_action_id BIGINT NOT NULL, created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL);

CREATE TABLE actions (
    id BIGINT NOT NULL, kind VARCHAR NOT NULL, summary VARCHAR NOT NULL,
    pair_count BIGINT NOT NULL, made_at TIMESTAMPTZ NOT NULL, undone_by BIGINT);

CREATE TABLE changes (
    action_id BIGINT NOT NULL, pair_id BIGINT NOT NULL, before STRUCT(
    question VARCHAR, answer VARCHAR, context VARCHAR, system VARCHAR, history VARCHAR,
    facts VARCHAR[], status VARCHAR, duplicate_of BIGINT, note VARCHAR), after STRUCT(
    question VARCHAR, answer VARCHAR, context VARCHAR, system VARCHAR, history VARCHAR,
    facts VARCHAR[], status VARCHAR, duplicate_of BIGINT, note VARCHAR));

CREATE TABLE clusters (
    id BIGINT NOT NULL, relation VARCHAR NOT NULL, score DOUBLE NOT NULL,
    keeper_id BIGINT NOT NULL, verdict VARCHAR, decided_at TIMESTAMPTZ, action_id BIGINT);
CREATE TABLE cluster_pairs (cluster_id BIGINT NOT NULL, pair_id BIGINT NOT NULL);

CREATE TABLE exports (
    id BIGINT NOT NULL, name VARCHAR NOT NULL, folder VARCHAR NOT NULL, recipe VARCHAR NOT NULL,
    manifest_sha1 VARCHAR NOT NULL, pair_count BIGINT NOT NULL, created_at TIMESTAMPTZ NOT NULL);
CREATE TABLE export_pairs (
    export_id BIGINT NOT NULL, pair_id BIGINT NOT NULL, version BIGINT NOT NULL,
    split VARCHAR NOT NULL);

CREATE TABLE runs (
    id BIGINT NOT NULL, folder VARCHAR NOT NULL, title VARCHAR NOT NULL,
    export_name VARCHAR NOT NULL, model VARCHAR NOT NULL, parent_id BIGINT,
    created_at TIMESTAMPTZ NOT NULL);

CREATE TABLE evaluations (
    id BIGINT NOT NULL, folder VARCHAR NOT NULL, export_name VARCHAR NOT NULL,
    run_ids BIGINT[] NOT NULL, scores VARCHAR NOT NULL, created_at TIMESTAMPTZ NOT NULL);

CREATE TABLE comparisons (
    id BIGINT NOT NULL, prompt VARCHAR NOT NULL, settings VARCHAR NOT NULL,
    answers VARCHAR NOT NULL, created_at TIMESTAMPTZ NOT NULL);
CREATE TABLE votes (
    comparison_id BIGINT NOT NULL, vote VARCHAR NOT NULL, made_at TIMESTAMPTZ NOT NULL);
