SELECT class.relname
FROM pg_catalog.pg_class AS class
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
WHERE namespace.nspname = %(schema_name)s::text
    AND class.relkind IN ('i', 'I')
    AND class.relname = ANY (%(names)s::text[])
