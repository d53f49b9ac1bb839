-- Comparisons of any number of models, by set of questions, and blind ones.
ALTER TABLE comparisons ADD COLUMN question_set VARCHAR DEFAULT '';
ALTER TABLE comparisons ADD COLUMN reference VARCHAR DEFAULT '';
ALTER TABLE comparisons ADD COLUMN is_blind BOOLEAN DEFAULT false;
-- A vote names the model that won: `adapter` was the second of two.
UPDATE votes SET vote = json_extract_string(c.answers, '$[1][0]')
FROM comparisons c WHERE c.id = votes.comparison_id AND votes.vote = 'adapter';
