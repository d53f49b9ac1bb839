-- What the checks measured of a pair beside its flags. Lengths are in tokens; `fact` is a hash of
-- the normalised answer: pairs of a dataset with the same fact ask the same thing in other words.
ALTER TABLE pairs ADD COLUMN question_tokens INTEGER DEFAULT NULL;
ALTER TABLE pairs ADD COLUMN answer_tokens INTEGER DEFAULT NULL;
ALTER TABLE pairs ADD COLUMN fact BIGINT DEFAULT NULL;
-- Findings that a person has called no problem: they hold as long as the same thing is found.
CREATE TABLE dismissals (
    pair_id BIGINT NOT NULL, code VARCHAR NOT NULL, fact VARCHAR NOT NULL,
    made_at TIMESTAMPTZ NOT NULL);
