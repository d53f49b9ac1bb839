-- What a base model answered before training. `probes` remembers which folders of answers were taken
-- in; `base_knowledge` what a base knew of a pair, for the text that `digest` stands for.
CREATE TABLE probes (
    folder VARCHAR NOT NULL, kind VARCHAR NOT NULL, base VARCHAR NOT NULL,
    base_sha256 VARCHAR NOT NULL, source VARCHAR NOT NULL, settings VARCHAR NOT NULL,
    dataset_id BIGINT, taken BIGINT NOT NULL, left_out BIGINT NOT NULL,
    taken_at TIMESTAMPTZ NOT NULL);
CREATE TABLE base_knowledge (
    pair_id BIGINT NOT NULL, digest VARCHAR NOT NULL, base_sha256 VARCHAR NOT NULL,
    right_answers BIGINT NOT NULL, answers BIGINT NOT NULL, is_greedy_right BOOLEAN NOT NULL);
