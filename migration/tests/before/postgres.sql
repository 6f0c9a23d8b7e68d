SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE FUNCTION public.coaches_again() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    given text := concat('rowcast.given_', tg_relid);
begin
    begin
        if currval('public.coaches_id_seq') = new.id and current_setting(given, true) is distinct from new.id::text then
            perform set_config(given, new.id::text, false);
            return new;
        end if;
    exception
        when object_not_in_prerequisite_state then null;
        when undefined_table then return new;
    end;
    if new.id <= (select last_value from public.coaches_id_seq where is_called) then
        new.version := 1 + greatest(new.version, (select last_value from public.change_log_seq_seq));
    end if;
    return new;
end
$$;
CREATE FUNCTION public.exercise_moves_again() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    given text := concat('rowcast.given_', tg_relid);
begin
    begin
        if currval('public.exercise_moves_id_seq') = new.id and current_setting(given, true) is distinct from new.id::text then
            perform set_config(given, new.id::text, false);
            return new;
        end if;
    exception
        when object_not_in_prerequisite_state then null;
        when undefined_table then return new;
    end;
    if new.id <= (select last_value from public.exercise_moves_id_seq where is_called) then
        new.version := 1 + greatest(new.version, (select last_value from public.change_log_seq_seq));
    end if;
    return new;
end
$$;
CREATE FUNCTION public.guard_log() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    update public.change_log_state set floor = cut.past
        from (select max(txid::text::bigint) + 1 as past from gone) as cut where floor < cut.past;
    return null;
end
$$;
CREATE FUNCTION public.log_nested() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
declare
    was bigint := case when tg_op <> 'INSERT' then to_jsonb(old) ->> tg_argv[1] end;
    became bigint := case when tg_op <> 'DELETE' then to_jsonb(new) ->> tg_argv[1] end;
begin
    if was is not null and was is distinct from became then
        insert into public.change_log (collection, row_id) values (tg_argv[0], was);
    end if;
    if became is not null then
        insert into public.change_log (collection, row_id) values (tg_argv[0], became);
    end if;
    return null;
end
$$;
CREATE FUNCTION public.log_row() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    if tg_op <> 'INSERT' and (tg_op = 'DELETE' or old.id <> new.id) then
        insert into public.change_log (collection, row_id) values (tg_argv[0], old.id);
    end if;
    if tg_op <> 'DELETE' then
        insert into public.change_log (collection, row_id) values (tg_argv[0], new.id);
    end if;
    return null;
end
$$;
CREATE FUNCTION public.log_truncate() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    execute format(
        'insert into public.change_log (collection, row_id) select distinct %L, %I from %I.%I',
        tg_argv[0], tg_argv[1], tg_table_schema, tg_table_name);
    return null;
end
$$;
CREATE FUNCTION public.move_version() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    new.version := old.version + 1;
    return new;
end
$$;
CREATE FUNCTION public.note_version() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_catalog.set_config('rowcast.moved', pg_catalog.concat(tg_table_name, ' ', new.id), true);
    return null;
end
$$;
CREATE FUNCTION public.schedules_again() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    given text := concat('rowcast.given_', tg_relid);
begin
    begin
        if currval('public.schedules_id_seq') = new.id and current_setting(given, true) is distinct from new.id::text then
            perform set_config(given, new.id::text, false);
            return new;
        end if;
    exception
        when object_not_in_prerequisite_state then null;
        when undefined_table then return new;
    end;
    if new.id <= (select last_value from public.schedules_id_seq where is_called) then
        new.version := 1 + greatest(new.version, (select last_value from public.change_log_seq_seq));
    end if;
    return new;
end
$$;
CREATE FUNCTION public.workout_plan_moves_version() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    was bigint;
    became bigint;
begin
    if tg_op = 'TRUNCATE' then
        update public.workout_plans set version = version + 1 where id in (select workout_plan_id from public.workout_plan_moves);
        return null;
    end if;
    if tg_op <> 'INSERT' then was := old.workout_plan_id; end if;
    if tg_op <> 'DELETE' then became := new.workout_plan_id; end if;
    if was is not null and current_setting('rowcast.moved', true) is distinct from concat('workout_plans ', was) then
        update public.workout_plans set version = version + 1 where id = was;
    end if;
    if became is distinct from was and became is not null
        and current_setting('rowcast.moved', true) is distinct from concat('workout_plans ', became) then
        update public.workout_plans set version = version + 1 where id = became;
    end if;
    return null;
end
$$;
CREATE FUNCTION public.workout_plans_again() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    given text := concat('rowcast.given_', tg_relid);
begin
    begin
        if currval('public.workout_plans_id_seq') = new.id and current_setting(given, true) is distinct from new.id::text then
            perform set_config(given, new.id::text, false);
            return new;
        end if;
    exception
        when object_not_in_prerequisite_state then null;
        when undefined_table then return new;
    end;
    if new.id <= (select last_value from public.workout_plans_id_seq where is_called) then
        new.version := 1 + greatest(new.version, (select last_value from public.change_log_seq_seq));
    end if;
    return new;
end
$$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.change_log (
    seq bigint NOT NULL,
    collection text NOT NULL,
    row_id bigint NOT NULL,
    txid xid8 DEFAULT pg_current_xact_id() NOT NULL
);
CREATE TABLE public.change_log_digest (
    id bigint NOT NULL,
    epoch text NOT NULL COLLATE pg_catalog."C",
    "position" text NOT NULL COLLATE pg_catalog."C",
    digest text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT change_log_digest_id_check CHECK ((id = 1))
);
CREATE TABLE public.change_log_marks (
    id bigint NOT NULL,
    at bigint NOT NULL,
    next bigint NOT NULL
);
ALTER TABLE public.change_log_marks ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.change_log_marks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE public.change_log ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.change_log_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.change_log_state (
    id bigint NOT NULL,
    floor bigint NOT NULL,
    CONSTRAINT change_log_state_id_check CHECK ((id = 1))
);
CREATE TABLE public.clock (
    id bigint NOT NULL,
    at bigint NOT NULL,
    wall bigint NOT NULL,
    boot text COLLATE pg_catalog."C",
    uptime bigint,
    CONSTRAINT clock_id_check CHECK ((id = 1))
);
CREATE TABLE public.coaches (
    id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    age bigint NOT NULL,
    picture text NOT NULL COLLATE pg_catalog."C",
    username text COLLATE pg_catalog."C",
    password_hash text COLLATE pg_catalog."C",
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT coaches_age_check CHECK (((age >= 18) AND (age <= 120))),
    CONSTRAINT coaches_name_check CHECK (((length(name) >= 2) AND (length(name) <= 40))),
    CONSTRAINT coaches_picture_check CHECK (((length(picture) <= 2000) AND ((lower(picture) ~~ 'http://_%'::text) OR (lower(picture) ~~ 'https://_%'::text)))),
    CONSTRAINT coaches_username_check CHECK (((length(username) >= 2) AND (length(username) <= 40))),
    CONSTRAINT coaches_version_check CHECK ((version >= 1))
);
ALTER TABLE public.coaches ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.coaches_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.commits (
    id text NOT NULL,
    at bigint NOT NULL
);
CREATE TABLE public.epochs (
    id bigint NOT NULL,
    epoch text NOT NULL COLLATE pg_catalog."C",
    place text NOT NULL COLLATE pg_catalog."C",
    began bigint NOT NULL,
    CONSTRAINT epochs_epoch_check CHECK ((length(epoch) = 36))
);
ALTER TABLE public.epochs ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.epochs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.exercise_moves (
    id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    focus text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL COLLATE pg_catalog."C",
    video_link text NOT NULL COLLATE pg_catalog."C",
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT exercise_moves_description_check CHECK (((length(description) >= 10) AND (length(description) <= 500))),
    CONSTRAINT exercise_moves_focus_check CHECK (((length(focus) >= 2) AND (length(focus) <= 30))),
    CONSTRAINT exercise_moves_name_check CHECK (((length(name) >= 2) AND (length(name) <= 30))),
    CONSTRAINT exercise_moves_version_check CHECK ((version >= 1)),
    CONSTRAINT exercise_moves_video_link_check CHECK (((length(video_link) <= 2000) AND ((lower(video_link) ~~ 'http://_%'::text) OR (lower(video_link) ~~ 'https://_%'::text))))
);
ALTER TABLE public.exercise_moves ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.exercise_moves_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.known_addresses (
    coach_id bigint NOT NULL,
    address text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL
);
CREATE TABLE public.requests (
    id text NOT NULL COLLATE pg_catalog."C",
    digest text NOT NULL COLLATE pg_catalog."C",
    ack text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL,
    kind bigint DEFAULT 1 NOT NULL,
    owner bigint,
    source text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    size bigint DEFAULT 0 NOT NULL,
    collection text COLLATE pg_catalog."C",
    row_id bigint,
    CONSTRAINT requests_digest_check CHECK ((length(digest) = 64)),
    CONSTRAINT requests_id_check CHECK ((length(id) = 36))
);
CREATE UNLOGGED TABLE public.runs (
    id text NOT NULL
);
CREATE TABLE public.schedules (
    id bigint NOT NULL,
    day text NOT NULL COLLATE pg_catalog."C",
    hour text NOT NULL COLLATE pg_catalog."C",
    coach_id bigint NOT NULL,
    workout_plan_id bigint NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT schedules_day_check CHECK ((day = ANY (ARRAY['Monday'::text, 'Tuesday'::text, 'Wednesday'::text, 'Thursday'::text, 'Friday'::text, 'Saturday'::text, 'Sunday'::text]))),
    CONSTRAINT schedules_hour_check CHECK ((hour ~ '^([0-9]|[1-5][0-9]|([1-9]|1[0-9]|2[0-3])[0-5][0-9])$'::text)),
    CONSTRAINT schedules_version_check CHECK ((version >= 1))
);
ALTER TABLE public.schedules ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.schedules_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.seaql_migrations (
    version character varying NOT NULL,
    applied_at bigint NOT NULL
);
CREATE TABLE public.tokens (
    id bigint NOT NULL,
    hash text NOT NULL COLLATE pg_catalog."C",
    coach_id bigint NOT NULL,
    expires_at bigint NOT NULL,
    CONSTRAINT tokens_hash_check CHECK ((length(hash) = 64))
);
ALTER TABLE public.tokens ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.tokens_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.workout_plan_moves (
    id bigint NOT NULL,
    workout_plan_id bigint NOT NULL,
    exercise_move_id bigint NOT NULL,
    "position" bigint NOT NULL,
    CONSTRAINT workout_plan_moves_position_check CHECK (("position" >= 0))
);
ALTER TABLE public.workout_plan_moves ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.workout_plan_moves_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.workout_plans (
    id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    difficulty text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL COLLATE pg_catalog."C",
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT workout_plans_description_check CHECK (((length(description) >= 10) AND (length(description) <= 300))),
    CONSTRAINT workout_plans_difficulty_check CHECK (((length(difficulty) >= 2) AND (length(difficulty) <= 20))),
    CONSTRAINT workout_plans_name_check CHECK (((length(name) >= 2) AND (length(name) <= 40))),
    CONSTRAINT workout_plans_version_check CHECK ((version >= 1))
);
ALTER TABLE public.workout_plans ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.workout_plans_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
INSERT INTO public.change_log OVERRIDING SYSTEM VALUE VALUES (65, 'coaches', 1, '743');
INSERT INTO public.change_log_digest VALUES (1, '389e3db3-5267-481c-ada8-da71544a5eb3', '749', '{"coaches":[[0,0],[1,13876163512448794023],[1,17025849137995943682],[1,10767626333136717402],[1,8673769526425398831],[1,15677451994557720968],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0]],"exercise_moves":[[0,0],[1,17229251153034623666],[1,6017394754089420627],[1,12277806705641164763],[1,3302936296677296218],[1,99992960550210876],[1,1795486555041709045],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0]],"schedules":[[0,0],[1,16060319046774401894],[1,1371298614666937463],[1,7400375301473463236],[1,2901172778947409029],[1,8121072764730073442],[1,16826930263378844657],[1,8013069428296405701],[1,15197386722680538533],[1,18124795577795579390],[1,14989583323058537852],[1,17218715515423485650],[1,833424846497564437],[1,13529130205773302543],[1,9712186011841185873],[1,2164457959263150070],[1,17141219652851842355],[1,10467212148770925123],[1,9928634366134770790],[1,3024651308213909650],[1,15341866923089823648],[1,11319382249762733428],[1,5189548138777256774],[1,18446499498480228671],[1,1643264778096683792],[1,4273881094472635984],[1,5256714710215570666],[1,1879482996921332053],[1,14070500332674599626],[1,11405827042516468300],[1,15175593335880231787],[1,16745105804867644222],[1,16328926704652375514],[1,2124135455669276473],[1,4612954735050859399],[1,16521661453035807051],[1,13720052142224122213],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0]],"workout_plans":[[0,0],[1,8669936585887564637],[1,15121030449086926010],[1,8614290648221460320],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0]]}');
INSERT INTO public.change_log_marks VALUES (1, 1796039311, 741);
INSERT INTO public.change_log_state VALUES (1, 0);
INSERT INTO public.clock VALUES (1, 1796039311, 1796039311, '2c9e08ae-ad0a-4006-abd4-2f4e0a9b89b3', 3055);
INSERT INTO public.coaches VALUES (2, 'Teo Okafor', 41, 'https://picsum.photos/seed/teo/400', 'teo', '$argon2id$v=19$m=19456,t=2,p=1$7P+W36CTXTopYj9Gur05DA$fFKrf/scMmvoAZe7kfH3tyvWW8IcmzUaCXhNpMZKCe0', 1);
INSERT INTO public.coaches VALUES (3, 'Yuki Tanabe', 29, 'https://picsum.photos/seed/yuki/400', 'yuki', '$argon2id$v=19$m=19456,t=2,p=1$HfAW4FI04IAaLFtW3TphoQ$rIedAqCSaKCfaGGz7LgLpzcBq5HrF7Ay+YZSKM8tnfg', 1);
INSERT INTO public.coaches VALUES (4, 'Rosa Delgado', 52, 'https://picsum.photos/seed/rosa/400', 'rosa', '$argon2id$v=19$m=19456,t=2,p=1$QVEdH10VfjPLx30w7TtFFA$aLMZZOG3+yJSdhj++I3nUVXKuOl/Km04xIcwqhGlQaA', 1);
INSERT INTO public.coaches VALUES (5, 'Finn Gallagher', 26, 'https://picsum.photos/seed/finn/400', 'finn', '$argon2id$v=19$m=19456,t=2,p=1$C8O8gJg3XuQtuCPqjToHXg$fyWSKjxJ2ejf4gdsdh3PF8HJ6+mh3QdqgVMy7k88SzY', 1);
INSERT INTO public.coaches VALUES (1, 'Mara Lindqvist', 34, 'https://picsum.photos/seed/mara/400', 'mara', '$argon2id$v=19$m=19456,t=2,p=1$9RvMSvPrHMnFVepjYP8ATQ$fj0+osyvY58OCohvgfUANeJGxikfjBl/2Yb3xqsDCDo', 2);
INSERT INTO public.commits VALUES ('22dafa01-cfa1-40ce-9052-7152af49796c', 1796039311);
INSERT INTO public.commits VALUES ('7f81a425-7899-4a5f-aad6-a7f32a8d42c8', 1796039311);
INSERT INTO public.commits VALUES ('6c5ad5c9-0841-4548-afeb-0c3ec417fc46', 1796039311);
INSERT INTO public.commits VALUES ('1b74eba9-cacc-494e-9e33-f8aef5a9fad5', 1796039311);
INSERT INTO public.commits VALUES ('b1ef9ce7-f0ca-40ec-94bb-47aae9e5e033', 1796039311);
INSERT INTO public.commits VALUES ('b857e233-53df-4dc7-aaca-55283783aef1', 1796039311);
INSERT INTO public.commits VALUES ('93de9e87-15ed-40d9-b01d-d34b93405ea5', 1796039311);
INSERT INTO public.commits VALUES ('f123e791-3e64-40f1-ae63-a183afab16be', 1796039311);
INSERT INTO public.epochs VALUES (1, '389e3db3-5267-481c-ada8-da71544a5eb3', '7713930096228280348/00000001/16384/16393/16393/f6edd357-1d6d-4a58-9d83-088387654fe5', 0);
INSERT INTO public.exercise_moves VALUES (1, 'Goblet squat', 'Legs', 'Hold one weight at the chest, sit down between the heels, and stand up tall.', 'https://example.com/moves/goblet-squat', 1);
INSERT INTO public.exercise_moves VALUES (2, 'Push-up', 'Chest', 'Hands under the shoulders, body in one line, chest to the floor and back.', 'https://example.com/moves/push-up', 1);
INSERT INTO public.exercise_moves VALUES (3, 'Bent-over row', 'Back', 'Hinge at the hips, pull the weight to the ribs, and lower it slowly.', 'https://example.com/moves/bent-over-row', 1);
INSERT INTO public.exercise_moves VALUES (4, 'Dead bug', 'Core', 'On the back, reach out with the opposite arm and leg while the spine stays flat.', 'https://example.com/moves/dead-bug', 1);
INSERT INTO public.exercise_moves VALUES (5, 'Box step-up', 'Legs', 'Step onto the box with the whole foot, stand, and step down under control.', 'https://example.com/moves/box-step-up', 1);
INSERT INTO public.exercise_moves VALUES (6, 'Rope skipping', 'Endurance', 'Small jumps from the ankles, elbows close, breathing evenly.', 'https://example.com/moves/rope-skipping', 1);
INSERT INTO public.known_addresses VALUES (1, '127.0.0.1', 1796039311);
INSERT INTO public.runs VALUES ('f6edd357-1d6d-4a58-9d83-088387654fe5');
INSERT INTO public.schedules VALUES (1, 'Monday', '700', 1, 1, 1);
INSERT INTO public.schedules VALUES (2, 'Monday', '900', 2, 2, 1);
INSERT INTO public.schedules VALUES (3, 'Monday', '1100', 3, 3, 1);
INSERT INTO public.schedules VALUES (4, 'Monday', '1630', 4, 1, 1);
INSERT INTO public.schedules VALUES (5, 'Monday', '1800', 5, 2, 1);
INSERT INTO public.schedules VALUES (6, 'Monday', '1930', 1, 3, 1);
INSERT INTO public.schedules VALUES (7, 'Tuesday', '700', 2, 1, 1);
INSERT INTO public.schedules VALUES (8, 'Tuesday', '900', 3, 2, 1);
INSERT INTO public.schedules VALUES (9, 'Tuesday', '1100', 4, 3, 1);
INSERT INTO public.schedules VALUES (10, 'Tuesday', '1630', 5, 1, 1);
INSERT INTO public.schedules VALUES (11, 'Tuesday', '1800', 1, 2, 1);
INSERT INTO public.schedules VALUES (12, 'Tuesday', '1930', 2, 3, 1);
INSERT INTO public.schedules VALUES (13, 'Wednesday', '700', 3, 1, 1);
INSERT INTO public.schedules VALUES (14, 'Wednesday', '900', 4, 2, 1);
INSERT INTO public.schedules VALUES (15, 'Wednesday', '1100', 5, 3, 1);
INSERT INTO public.schedules VALUES (16, 'Wednesday', '1630', 1, 1, 1);
INSERT INTO public.schedules VALUES (17, 'Wednesday', '1800', 2, 2, 1);
INSERT INTO public.schedules VALUES (18, 'Wednesday', '1930', 3, 3, 1);
INSERT INTO public.schedules VALUES (19, 'Thursday', '700', 4, 1, 1);
INSERT INTO public.schedules VALUES (20, 'Thursday', '900', 5, 2, 1);
INSERT INTO public.schedules VALUES (21, 'Thursday', '1100', 1, 3, 1);
INSERT INTO public.schedules VALUES (22, 'Thursday', '1630', 2, 1, 1);
INSERT INTO public.schedules VALUES (23, 'Thursday', '1800', 3, 2, 1);
INSERT INTO public.schedules VALUES (24, 'Thursday', '1930', 4, 3, 1);
INSERT INTO public.schedules VALUES (25, 'Friday', '700', 5, 1, 1);
INSERT INTO public.schedules VALUES (26, 'Friday', '900', 1, 2, 1);
INSERT INTO public.schedules VALUES (27, 'Friday', '1100', 2, 3, 1);
INSERT INTO public.schedules VALUES (28, 'Friday', '1630', 3, 1, 1);
INSERT INTO public.schedules VALUES (29, 'Friday', '1800', 4, 2, 1);
INSERT INTO public.schedules VALUES (30, 'Friday', '1930', 5, 3, 1);
INSERT INTO public.schedules VALUES (31, 'Saturday', '700', 1, 1, 1);
INSERT INTO public.schedules VALUES (32, 'Saturday', '900', 2, 2, 1);
INSERT INTO public.schedules VALUES (33, 'Saturday', '1100', 3, 3, 1);
INSERT INTO public.schedules VALUES (34, 'Saturday', '1630', 4, 1, 1);
INSERT INTO public.schedules VALUES (35, 'Saturday', '1800', 5, 2, 1);
INSERT INTO public.schedules VALUES (36, 'Saturday', '1930', 1, 3, 1);
INSERT INTO public.seaql_migrations VALUES ('m20261120_000001_create_change_log', 1796039310);
INSERT INTO public.seaql_migrations VALUES ('m20261120_000002_create_coaches', 1796039310);
INSERT INTO public.seaql_migrations VALUES ('m20261120_000003_create_exercise_moves', 1796039310);
INSERT INTO public.seaql_migrations VALUES ('m20261120_000004_create_workout_plans', 1796039310);
INSERT INTO public.seaql_migrations VALUES ('m20261120_000005_create_workout_plan_moves', 1796039310);
INSERT INTO public.seaql_migrations VALUES ('m20261120_000006_create_schedules', 1796039310);
INSERT INTO public.seaql_migrations VALUES ('m20261120_000007_create_tokens', 1796039310);
INSERT INTO public.seaql_migrations VALUES ('m20261125_000001_follow_the_log', 1796039310);
INSERT INTO public.seaql_migrations VALUES ('m20261125_000002_create_requests', 1796039310);
INSERT INTO public.seaql_migrations VALUES ('m20261130_000001_guard_versions', 1796039310);
INSERT INTO public.seaql_migrations VALUES ('m20261130_000002_guard_the_log', 1796039310);
INSERT INTO public.seaql_migrations VALUES ('m20261130_000003_bound_requests', 1796039310);
INSERT INTO public.seaql_migrations VALUES ('m20261130_000004_accounts', 1796039310);
INSERT INTO public.tokens VALUES (1, 'a5036031fb1bddfda667286815def3b6c4971f9c29285ac1fe33027152b6690e', 1, 1798631311);
INSERT INTO public.workout_plan_moves VALUES (1, 1, 1, 0);
INSERT INTO public.workout_plan_moves VALUES (2, 1, 2, 1);
INSERT INTO public.workout_plan_moves VALUES (3, 1, 4, 2);
INSERT INTO public.workout_plan_moves VALUES (4, 2, 1, 0);
INSERT INTO public.workout_plan_moves VALUES (5, 2, 3, 1);
INSERT INTO public.workout_plan_moves VALUES (6, 2, 4, 2);
INSERT INTO public.workout_plan_moves VALUES (7, 2, 5, 3);
INSERT INTO public.workout_plan_moves VALUES (8, 2, 1, 4);
INSERT INTO public.workout_plan_moves VALUES (9, 3, 6, 0);
INSERT INTO public.workout_plan_moves VALUES (10, 3, 2, 1);
INSERT INTO public.workout_plan_moves VALUES (11, 3, 5, 2);
INSERT INTO public.workout_plan_moves VALUES (12, 3, 6, 3);
INSERT INTO public.workout_plan_moves VALUES (13, 3, 3, 4);
INSERT INTO public.workout_plan_moves VALUES (14, 3, 6, 5);
INSERT INTO public.workout_plans VALUES (1, 'First steps', 'Easy', 'A gentle round of the whole body for those who are new or coming back.', 1);
INSERT INTO public.workout_plans VALUES (2, 'Strong base', 'Medium', 'Heavier sets for legs and back, with the core in between.', 1);
INSERT INTO public.workout_plans VALUES (3, 'Out of breath', 'Hard', 'Short rests and quick changes; bring water and a towel.', 1);
SELECT pg_catalog.setval('public.change_log_marks_id_seq', 1, true);
SELECT pg_catalog.setval('public.change_log_seq_seq', 65, true);
SELECT pg_catalog.setval('public.coaches_id_seq', 5, true);
SELECT pg_catalog.setval('public.epochs_id_seq', 1, true);
SELECT pg_catalog.setval('public.exercise_moves_id_seq', 6, true);
SELECT pg_catalog.setval('public.schedules_id_seq', 36, true);
SELECT pg_catalog.setval('public.tokens_id_seq', 1, true);
SELECT pg_catalog.setval('public.workout_plan_moves_id_seq', 14, true);
SELECT pg_catalog.setval('public.workout_plans_id_seq', 3, true);
ALTER TABLE ONLY public.change_log_digest
    ADD CONSTRAINT change_log_digest_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.change_log_marks
    ADD CONSTRAINT change_log_marks_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.change_log
    ADD CONSTRAINT change_log_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.change_log_state
    ADD CONSTRAINT change_log_state_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.clock
    ADD CONSTRAINT clock_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.coaches
    ADD CONSTRAINT coaches_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.coaches
    ADD CONSTRAINT coaches_username_key UNIQUE (username);
ALTER TABLE ONLY public.commits
    ADD CONSTRAINT commits_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.epochs
    ADD CONSTRAINT epochs_epoch_key UNIQUE (epoch);
ALTER TABLE ONLY public.epochs
    ADD CONSTRAINT epochs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.exercise_moves
    ADD CONSTRAINT exercise_moves_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.known_addresses
    ADD CONSTRAINT known_addresses_pkey PRIMARY KEY (coach_id, address);
ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.schedules
    ADD CONSTRAINT schedules_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.seaql_migrations
    ADD CONSTRAINT seaql_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_hash_key UNIQUE (hash);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.workout_plan_moves
    ADD CONSTRAINT workout_plan_moves_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.workout_plan_moves
    ADD CONSTRAINT workout_plan_moves_workout_plan_id_position_key UNIQUE (workout_plan_id, "position");
ALTER TABLE ONLY public.workout_plans
    ADD CONSTRAINT workout_plans_pkey PRIMARY KEY (id);
CREATE INDEX change_log_txid ON public.change_log USING btree (txid);
CREATE INDEX coaches_unusual_username ON public.coaches USING btree ((
CASE
    WHEN ((lower(username) <> username) OR (length(username) <> octet_length(username))) THEN 1
    ELSE 0
END));
CREATE INDEX requests_at ON public.requests USING btree (at);
CREATE INDEX requests_source ON public.requests USING btree (source, size, at);
CREATE INDEX schedules_coach_id ON public.schedules USING btree (coach_id);
CREATE INDEX schedules_workout_plan_id ON public.schedules USING btree (workout_plan_id);
CREATE INDEX tokens_coach_id ON public.tokens USING btree (coach_id);
CREATE INDEX tokens_expires_at ON public.tokens USING btree (expires_at);
CREATE INDEX workout_plan_moves_exercise_move_id ON public.workout_plan_moves USING btree (exercise_move_id);
CREATE TRIGGER change_log_changed AFTER UPDATE ON public.change_log REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION public.guard_log();
ALTER TABLE public.change_log ENABLE ALWAYS TRIGGER change_log_changed;
CREATE TRIGGER change_log_cut AFTER DELETE ON public.change_log REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION public.guard_log();
ALTER TABLE public.change_log ENABLE ALWAYS TRIGGER change_log_cut;
CREATE TRIGGER coaches_log AFTER INSERT OR DELETE OR UPDATE ON public.coaches FOR EACH ROW EXECUTE FUNCTION public.log_row('coaches', 'id');
ALTER TABLE public.coaches ENABLE ALWAYS TRIGGER coaches_log;
CREATE TRIGGER coaches_log_truncate BEFORE TRUNCATE ON public.coaches FOR EACH STATEMENT EXECUTE FUNCTION public.log_truncate('coaches', 'id');
ALTER TABLE public.coaches ENABLE ALWAYS TRIGGER coaches_log_truncate;
CREATE TRIGGER exercise_moves_log AFTER INSERT OR DELETE OR UPDATE ON public.exercise_moves FOR EACH ROW EXECUTE FUNCTION public.log_row('exercise_moves', 'id');
ALTER TABLE public.exercise_moves ENABLE ALWAYS TRIGGER exercise_moves_log;
CREATE TRIGGER exercise_moves_log_truncate BEFORE TRUNCATE ON public.exercise_moves FOR EACH STATEMENT EXECUTE FUNCTION public.log_truncate('exercise_moves', 'id');
ALTER TABLE public.exercise_moves ENABLE ALWAYS TRIGGER exercise_moves_log_truncate;
CREATE TRIGGER schedules_log AFTER INSERT OR DELETE OR UPDATE ON public.schedules FOR EACH ROW EXECUTE FUNCTION public.log_row('schedules', 'id');
ALTER TABLE public.schedules ENABLE ALWAYS TRIGGER schedules_log;
CREATE TRIGGER schedules_log_truncate BEFORE TRUNCATE ON public.schedules FOR EACH STATEMENT EXECUTE FUNCTION public.log_truncate('schedules', 'id');
ALTER TABLE public.schedules ENABLE ALWAYS TRIGGER schedules_log_truncate;
CREATE TRIGGER workout_plan_moves_log AFTER INSERT OR DELETE OR UPDATE ON public.workout_plan_moves FOR EACH ROW EXECUTE FUNCTION public.log_nested('workout_plans', 'workout_plan_id');
ALTER TABLE public.workout_plan_moves ENABLE ALWAYS TRIGGER workout_plan_moves_log;
CREATE TRIGGER workout_plan_moves_log_truncate BEFORE TRUNCATE ON public.workout_plan_moves FOR EACH STATEMENT EXECUTE FUNCTION public.log_truncate('workout_plans', 'workout_plan_id');
ALTER TABLE public.workout_plan_moves ENABLE ALWAYS TRIGGER workout_plan_moves_log_truncate;
CREATE TRIGGER workout_plans_log AFTER INSERT OR DELETE OR UPDATE ON public.workout_plans FOR EACH ROW EXECUTE FUNCTION public.log_row('workout_plans', 'id');
ALTER TABLE public.workout_plans ENABLE ALWAYS TRIGGER workout_plans_log;
CREATE TRIGGER workout_plans_log_truncate BEFORE TRUNCATE ON public.workout_plans FOR EACH STATEMENT EXECUTE FUNCTION public.log_truncate('workout_plans', 'id');
ALTER TABLE public.workout_plans ENABLE ALWAYS TRIGGER workout_plans_log_truncate;
CREATE TRIGGER zz_coaches_again BEFORE INSERT ON public.coaches FOR EACH ROW EXECUTE FUNCTION public.coaches_again();
ALTER TABLE public.coaches ENABLE ALWAYS TRIGGER zz_coaches_again;
CREATE TRIGGER zz_coaches_version BEFORE UPDATE ON public.coaches FOR EACH ROW WHEN ((((new.version >= 1) AND (new.version <= old.version)) AND (new.* *<> old.*))) EXECUTE FUNCTION public.move_version();
ALTER TABLE public.coaches ENABLE ALWAYS TRIGGER zz_coaches_version;
CREATE TRIGGER zz_exercise_moves_again BEFORE INSERT ON public.exercise_moves FOR EACH ROW EXECUTE FUNCTION public.exercise_moves_again();
ALTER TABLE public.exercise_moves ENABLE ALWAYS TRIGGER zz_exercise_moves_again;
CREATE TRIGGER zz_exercise_moves_version BEFORE UPDATE ON public.exercise_moves FOR EACH ROW WHEN ((((new.version >= 1) AND (new.version <= old.version)) AND (new.* *<> old.*))) EXECUTE FUNCTION public.move_version();
ALTER TABLE public.exercise_moves ENABLE ALWAYS TRIGGER zz_exercise_moves_version;
CREATE TRIGGER zz_schedules_again BEFORE INSERT ON public.schedules FOR EACH ROW EXECUTE FUNCTION public.schedules_again();
ALTER TABLE public.schedules ENABLE ALWAYS TRIGGER zz_schedules_again;
CREATE TRIGGER zz_schedules_version BEFORE UPDATE ON public.schedules FOR EACH ROW WHEN ((((new.version >= 1) AND (new.version <= old.version)) AND (new.* *<> old.*))) EXECUTE FUNCTION public.move_version();
ALTER TABLE public.schedules ENABLE ALWAYS TRIGGER zz_schedules_version;
CREATE TRIGGER zz_workout_plan_moves_version AFTER INSERT OR DELETE ON public.workout_plan_moves FOR EACH ROW EXECUTE FUNCTION public.workout_plan_moves_version();
ALTER TABLE public.workout_plan_moves ENABLE ALWAYS TRIGGER zz_workout_plan_moves_version;
CREATE TRIGGER zz_workout_plan_moves_version_truncate BEFORE TRUNCATE ON public.workout_plan_moves FOR EACH STATEMENT EXECUTE FUNCTION public.workout_plan_moves_version();
ALTER TABLE public.workout_plan_moves ENABLE ALWAYS TRIGGER zz_workout_plan_moves_version_truncate;
CREATE TRIGGER zz_workout_plan_moves_version_update AFTER UPDATE ON public.workout_plan_moves FOR EACH ROW WHEN ((new.* *<> old.*)) EXECUTE FUNCTION public.workout_plan_moves_version();
ALTER TABLE public.workout_plan_moves ENABLE ALWAYS TRIGGER zz_workout_plan_moves_version_update;
CREATE TRIGGER zz_workout_plans_again BEFORE INSERT ON public.workout_plans FOR EACH ROW EXECUTE FUNCTION public.workout_plans_again();
ALTER TABLE public.workout_plans ENABLE ALWAYS TRIGGER zz_workout_plans_again;
CREATE TRIGGER zz_workout_plans_made AFTER INSERT ON public.workout_plans FOR EACH ROW EXECUTE FUNCTION public.note_version();
ALTER TABLE public.workout_plans ENABLE ALWAYS TRIGGER zz_workout_plans_made;
CREATE TRIGGER zz_workout_plans_moved AFTER UPDATE ON public.workout_plans FOR EACH ROW WHEN ((new.version IS DISTINCT FROM old.version)) EXECUTE FUNCTION public.note_version();
ALTER TABLE public.workout_plans ENABLE ALWAYS TRIGGER zz_workout_plans_moved;
CREATE TRIGGER zz_workout_plans_version BEFORE UPDATE ON public.workout_plans FOR EACH ROW WHEN ((((new.version >= 1) AND (new.version <= old.version)) AND (new.* *<> old.*))) EXECUTE FUNCTION public.move_version();
ALTER TABLE public.workout_plans ENABLE ALWAYS TRIGGER zz_workout_plans_version;
ALTER TABLE ONLY public.known_addresses
    ADD CONSTRAINT known_addresses_coach_id_fkey FOREIGN KEY (coach_id) REFERENCES public.coaches(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.schedules
    ADD CONSTRAINT schedules_coach_id_fkey FOREIGN KEY (coach_id) REFERENCES public.coaches(id) ON DELETE RESTRICT;
ALTER TABLE ONLY public.schedules
    ADD CONSTRAINT schedules_workout_plan_id_fkey FOREIGN KEY (workout_plan_id) REFERENCES public.workout_plans(id) ON DELETE RESTRICT;
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_coach_id_fkey FOREIGN KEY (coach_id) REFERENCES public.coaches(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.workout_plan_moves
    ADD CONSTRAINT workout_plan_moves_exercise_move_id_fkey FOREIGN KEY (exercise_move_id) REFERENCES public.exercise_moves(id) ON DELETE RESTRICT;
ALTER TABLE ONLY public.workout_plan_moves
    ADD CONSTRAINT workout_plan_moves_workout_plan_id_fkey FOREIGN KEY (workout_plan_id) REFERENCES public.workout_plans(id) ON DELETE CASCADE;
