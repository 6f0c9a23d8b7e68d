-- The engine's tables as the version before their prefix had them.
pragma writable_schema = on;
begin;
drop table seaql_migrations;
alter table rowcast_requests drop column row_key;
delete from rowcast_migrations where version >= 'm20261202';
update sqlite_schema set
    name = replace(name, 'rowcast_migrations', 'rowcast_seaql_migrations'),
    tbl_name = replace(tbl_name, 'rowcast_migrations', 'rowcast_seaql_migrations'),
    sql = replace(sql, 'rowcast_migrations', 'rowcast_seaql_migrations');
update sqlite_schema set
    name = replace(name, 'rowcast_', ''), tbl_name = replace(tbl_name, 'rowcast_', ''), sql = replace(sql, 'rowcast_', '');
update sqlite_schema set sql = 'CREATE TABLE change_log (
        seq integer primary key autoincrement,
        collection text not null,
        row_id integer not null,
        mark integer not null default (random())
    ) strict' where type = 'table' and name = 'change_log';
update sqlite_sequence set name = replace(name, 'rowcast_', '');
commit;
