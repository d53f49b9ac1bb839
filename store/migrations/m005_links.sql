-- What comparing found, pair by pair, so that another threshold needs no second comparison.
-- One scan is one comparison of all pairs of a dataset with each other, down to a score.
CREATE TABLE scans (
    dataset_id BIGINT NOT NULL, method VARCHAR NOT NULL, floor REAL NOT NULL,
    encoder VARCHAR NOT NULL, pair_count BIGINT NOT NULL, last_pair_id BIGINT NOT NULL,
    texts UBIGINT NOT NULL, made_at TIMESTAMPTZ NOT NULL);
-- A link holds as long as both pairs have the version, or at least the text, it was found on.
CREATE TABLE links (
    dataset_id BIGINT NOT NULL, method VARCHAR NOT NULL,
    one_id BIGINT NOT NULL, other_id BIGINT NOT NULL, relation VARCHAR NOT NULL,
    score REAL NOT NULL, answer_score REAL NOT NULL, reason VARCHAR NOT NULL,
    one_version BIGINT NOT NULL, other_version BIGINT NOT NULL,
    one_text UBIGINT NOT NULL, other_text UBIGINT NOT NULL);

-- Why a pair was removed, said beside the action that removed it.
CREATE TABLE removals (
    action_id BIGINT NOT NULL, pair_id BIGINT NOT NULL, duplicate_of BIGINT NOT NULL,
    relation VARCHAR NOT NULL, reason VARCHAR NOT NULL, score REAL NOT NULL,
    answer_score REAL NOT NULL);

-- What people said of single links near the threshold.
CREATE TABLE judgements (
    one_id BIGINT NOT NULL, other_id BIGINT NOT NULL, method VARCHAR NOT NULL,
    score REAL NOT NULL, is_same BOOLEAN NOT NULL, made_at TIMESTAMPTZ NOT NULL);

ALTER TABLE clusters ADD COLUMN dataset_id BIGINT DEFAULT NULL;
ALTER TABLE clusters ADD COLUMN reason VARCHAR DEFAULT '';
UPDATE clusters SET dataset_id = found.dataset_id
FROM (SELECT m.cluster_id, any_value(p.dataset_id) AS dataset_id
      FROM cluster_pairs m JOIN pairs p ON p.id = m.pair_id GROUP BY m.cluster_id) found
WHERE found.cluster_id = clusters.id;
UPDATE clusters SET reason = CASE relation
    WHEN 'duplicate' THEN 'same' WHEN 'paraphrase' THEN 'reworded'
    WHEN 'conflict' THEN 'answer' ELSE '' END;
-- The closest other pair of the cluster, and how close.
ALTER TABLE cluster_pairs ADD COLUMN linked_to BIGINT DEFAULT NULL;
ALTER TABLE cluster_pairs ADD COLUMN score REAL DEFAULT 1.0;
ALTER TABLE cluster_pairs ADD COLUMN answer_score REAL DEFAULT 1.0;
ALTER TABLE cluster_pairs ADD COLUMN reason VARCHAR DEFAULT '';
