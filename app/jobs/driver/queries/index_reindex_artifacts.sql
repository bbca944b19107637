-- What a concurrent rebuild leaves when it does not get to its end: the index's name, _ccnew or _ccold, perhaps a number.
SELECT class.relname
FROM pg_catalog.pg_class AS class
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
WHERE namespace.nspname = %(schema_name)s::text
    AND class.relkind IN ('i', 'I')
    AND left(class.relname, length(%(name)s::text)) = %(name)s::text
    AND substr(class.relname, length(%(name)s::text) + 1) ~ '^_cc(new|old)[0-9]*$'
ORDER BY class.relname
