-- A bulk change of a status need not keep the texts of every pair twice: `fields` says which fields
-- an action's snapshots hold (NULL: all of those of m001), the others are NULL in them.
ALTER TABLE actions ADD COLUMN fields VARCHAR[] DEFAULT NULL;
ALTER TABLE changes ADD COLUMN before.tags VARCHAR[];
ALTER TABLE changes ADD COLUMN after.tags VARCHAR[];
ALTER TABLE changes ADD COLUMN before.dataset_id BIGINT;
ALTER TABLE changes ADD COLUMN after.dataset_id BIGINT;
