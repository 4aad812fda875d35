-- The body of a log entry may have hundreds of kilobytes: what a model was asked, and what it said. LZ4 packs it in a fraction of the time
-- that the server's older method takes, where the server has it (PostgreSQL 14, and built with it).
--
-- What is stored stays as it is, and elizaOS notices nothing. Whoever chose a method for this column keeps it. Nobody waits longer than a
-- second for this: where the table is in use for so long, as it is while a dump is taken, bodies are packed as before.

DO $migration$
DECLARE
    patience text := current_setting('lock_timeout');
BEGIN
    IF NOT EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN
        RETURN;
    END IF;
    PERFORM set_config('lock_timeout', '1s', true);
    -- As a text: an older server knows neither the column of the catalog nor the command.
    EXECUTE $text$
        DO $$
        BEGIN
            IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'public.logs'::regclass AND attname = 'body' AND attcompression = '') THEN
                ALTER TABLE public.logs ALTER COLUMN body SET COMPRESSION lz4;
            END IF;
        END
        $$
    $text$;
    PERFORM set_config('lock_timeout', patience, true);
EXCEPTION WHEN lock_not_available THEN
    RAISE NOTICE 'public.logs is in use: its bodies are packed as before';
END
$migration$;
