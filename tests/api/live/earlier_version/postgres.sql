-- The engine's tables as the version before their prefix had them.
drop table seaql_migrations;
alter table rowcast_requests drop column row_key;
alter table rowcast_change_log drop column row_key;
alter table rowcast_change_log alter column row_id set not null;
delete from rowcast_migrations where version >= 'm20261202';
alter table rowcast_migrations rename to rowcast_seaql_migrations;
do $$ declare of record; begin
    for of in select tgname as name from pg_trigger
        where tgrelid = 'rowcast_change_log'::regclass and starts_with(tgname::text, 'rowcast_')
    loop
        execute format('alter trigger %I on rowcast_change_log rename to %I', of.name, replace(of.name, 'rowcast_', ''));
    end loop;
    for of in select pg_get_functiondef(oid) as definition from pg_proc
        where pronamespace = 'public'::regnamespace and prosrc like '%public.rowcast\_%'
    loop
        execute replace(of.definition, 'public.rowcast_', 'public.');
    end loop;
    for of in select conrelid::regclass as at, conname as name from pg_constraint
        where connamespace = 'public'::regnamespace and starts_with(conname::text, 'rowcast_')
    loop
        execute format('alter table %s rename constraint %I to %I', of.at, of.name, replace(of.name, 'rowcast_', ''));
    end loop;
    for of in select relname as name, case relkind when 'r' then 'table' when 'S' then 'sequence' else 'index' end as kind
        from pg_class where relnamespace = 'public'::regnamespace and starts_with(relname::text, 'rowcast_')
            and relkind in ('r', 'i', 'S')
    loop
        execute format('alter %s %I rename to %I', of.kind, of.name, replace(of.name, 'rowcast_', ''));
    end loop;
end $$;
