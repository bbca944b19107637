-- The filters, the order and the keyset condition are filled in by job_list.py: only the asked ones, so that each
-- listing is planned for what it really asks.
SELECT {job_columns}
FROM {schema}.river_job AS job
WHERE {conditions}
ORDER BY {order}
LIMIT %(limit)s::integer
