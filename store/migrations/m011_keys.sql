-- The keys of a pair's texts as numbers (pipeline.curate.keys), NULL where nobody has read them yet
-- or a text was changed since. A change of what a key is has to set all of them to NULL.
ALTER TABLE pairs ADD COLUMN question_key UBIGINT DEFAULT NULL;
ALTER TABLE pairs ADD COLUMN answer_key UBIGINT DEFAULT NULL;
