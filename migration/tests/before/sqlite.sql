PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE IF NOT EXISTS "seaql_migrations" ( "version" varchar NOT NULL PRIMARY KEY, "applied_at" integer NOT NULL );
INSERT INTO seaql_migrations VALUES('m20261120_000001_create_change_log',1796039309);
INSERT INTO seaql_migrations VALUES('m20261120_000002_create_coaches',1796039309);
INSERT INTO seaql_migrations VALUES('m20261120_000003_create_exercise_moves',1796039309);
INSERT INTO seaql_migrations VALUES('m20261120_000004_create_workout_plans',1796039309);
INSERT INTO seaql_migrations VALUES('m20261120_000005_create_workout_plan_moves',1796039309);
INSERT INTO seaql_migrations VALUES('m20261120_000006_create_schedules',1796039309);
INSERT INTO seaql_migrations VALUES('m20261120_000007_create_tokens',1796039309);
INSERT INTO seaql_migrations VALUES('m20261125_000001_follow_the_log',1796039309);
INSERT INTO seaql_migrations VALUES('m20261125_000002_create_requests',1796039309);
INSERT INTO seaql_migrations VALUES('m20261130_000001_guard_versions',1796039309);
INSERT INTO seaql_migrations VALUES('m20261130_000002_guard_the_log',1796039309);
INSERT INTO seaql_migrations VALUES('m20261130_000003_bound_requests',1796039309);
INSERT INTO seaql_migrations VALUES('m20261130_000004_accounts',1796039309);
CREATE TABLE coaches (
    id integer primary key autoincrement,
    name text not null check (length(name) between 2 and 40),
    age integer not null check (age between 18 and 120),
    picture text not null check (
        length(picture) <= 2000
        and (lower(picture) like 'http://_%' or lower(picture) like 'https://_%')
    ),
    username text unique check (length(username) between 2 and 40),
    password_hash text,
    version integer not null default 1 check (version >= 1)
) strict;
INSERT INTO coaches VALUES(1,'Mara Lindqvist',34,'https://picsum.photos/seed/mara/400','mara','$argon2id$v=19$m=19456,t=2,p=1$GvqYLK/r53PEGHvuxJj7AQ$o469nT5zfFk5s5E+l++eq+BQLbOMcBfaY0f4YQje3kQ',2);
INSERT INTO coaches VALUES(2,'Teo Okafor',41,'https://picsum.photos/seed/teo/400','teo','$argon2id$v=19$m=19456,t=2,p=1$n7luRvYBwbCoJn24mxukMA$19tQ8z6xFPPUOx7oi9WQaKJDsVpF/ulon/3t1mHG40U',1);
INSERT INTO coaches VALUES(3,'Yuki Tanabe',29,'https://picsum.photos/seed/yuki/400','yuki','$argon2id$v=19$m=19456,t=2,p=1$YBp6kYlbOnicTNMsSFrBZA$fgFZXcdhy/2BYR99bM2gnkVosQ3Dq0cfMJpwj4ZaW+4',1);
INSERT INTO coaches VALUES(4,'Rosa Delgado',52,'https://picsum.photos/seed/rosa/400','rosa','$argon2id$v=19$m=19456,t=2,p=1$YByKaFXEp+Jxd86HxbgSfQ$/t97PdkHxUIqqkzrIgFbXkC0WmOmiBZJ/3ya/9TWaCw',1);
INSERT INTO coaches VALUES(5,'Finn Gallagher',26,'https://picsum.photos/seed/finn/400','finn','$argon2id$v=19$m=19456,t=2,p=1$m3SIv7ZEEtMtJr+uxHw4lQ$X4jkrvCiTSJeRYn47hT+3S22jFGzq3dkV068AMvtL9k',1);
CREATE TABLE exercise_moves (
    id integer primary key autoincrement,
    name text not null check (length(name) between 2 and 30),
    focus text not null check (length(focus) between 2 and 30),
    description text not null check (length(description) between 10 and 500),
    video_link text not null check (
        length(video_link) <= 2000
        and (lower(video_link) like 'http://_%' or lower(video_link) like 'https://_%')
    ),
    version integer not null default 1 check (version >= 1)
) strict;
INSERT INTO exercise_moves VALUES(1,'Goblet squat','Legs','Hold one weight at the chest, sit down between the heels, and stand up tall.','https://example.com/moves/goblet-squat',1);
INSERT INTO exercise_moves VALUES(2,'Push-up','Chest','Hands under the shoulders, body in one line, chest to the floor and back.','https://example.com/moves/push-up',1);
INSERT INTO exercise_moves VALUES(3,'Bent-over row','Back','Hinge at the hips, pull the weight to the ribs, and lower it slowly.','https://example.com/moves/bent-over-row',1);
INSERT INTO exercise_moves VALUES(4,'Dead bug','Core','On the back, reach out with the opposite arm and leg while the spine stays flat.','https://example.com/moves/dead-bug',1);
INSERT INTO exercise_moves VALUES(5,'Box step-up','Legs','Step onto the box with the whole foot, stand, and step down under control.','https://example.com/moves/box-step-up',1);
INSERT INTO exercise_moves VALUES(6,'Rope skipping','Endurance','Small jumps from the ankles, elbows close, breathing evenly.','https://example.com/moves/rope-skipping',1);
CREATE TABLE workout_plans (
    id integer primary key autoincrement,
    name text not null check (length(name) between 2 and 40),
    difficulty text not null check (length(difficulty) between 2 and 20),
    description text not null check (length(description) between 10 and 300),
    version integer not null default 1 check (version >= 1)
) strict;
INSERT INTO workout_plans VALUES(1,'First steps','Easy','A gentle round of the whole body for those who are new or coming back.',1);
INSERT INTO workout_plans VALUES(2,'Strong base','Medium','Heavier sets for legs and back, with the core in between.',1);
INSERT INTO workout_plans VALUES(3,'Out of breath','Hard','Short rests and quick changes; bring water and a towel.',1);
CREATE TABLE workout_plan_moves (
    id integer primary key autoincrement,
    workout_plan_id integer not null references workout_plans (id) on delete cascade,
    exercise_move_id integer not null references exercise_moves (id) on delete restrict,
    position integer not null check (position >= 0),
    unique (workout_plan_id, position)
) strict;
INSERT INTO workout_plan_moves VALUES(1,1,1,0);
INSERT INTO workout_plan_moves VALUES(2,1,2,1);
INSERT INTO workout_plan_moves VALUES(3,1,4,2);
INSERT INTO workout_plan_moves VALUES(4,2,1,0);
INSERT INTO workout_plan_moves VALUES(5,2,3,1);
INSERT INTO workout_plan_moves VALUES(6,2,4,2);
INSERT INTO workout_plan_moves VALUES(7,2,5,3);
INSERT INTO workout_plan_moves VALUES(8,2,1,4);
INSERT INTO workout_plan_moves VALUES(9,3,6,0);
INSERT INTO workout_plan_moves VALUES(10,3,2,1);
INSERT INTO workout_plan_moves VALUES(11,3,5,2);
INSERT INTO workout_plan_moves VALUES(12,3,6,3);
INSERT INTO workout_plan_moves VALUES(13,3,3,4);
INSERT INTO workout_plan_moves VALUES(14,3,6,5);
CREATE TABLE schedules (
    id integer primary key autoincrement,
    day text not null check (
        day in ('Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday')
    ),
    hour text not null check (cast(cast(hour as integer) as text) = hour
        and cast(hour as integer) between 0 and 2359 and cast(hour as integer) % 100 < 60),
    coach_id integer not null references coaches (id) on delete restrict,
    workout_plan_id integer not null references workout_plans (id) on delete restrict,
    version integer not null default 1 check (version >= 1)
) strict;
INSERT INTO schedules VALUES(1,'Monday','700',1,1,1);
INSERT INTO schedules VALUES(2,'Monday','900',2,2,1);
INSERT INTO schedules VALUES(3,'Monday','1100',3,3,1);
INSERT INTO schedules VALUES(4,'Monday','1630',4,1,1);
INSERT INTO schedules VALUES(5,'Monday','1800',5,2,1);
INSERT INTO schedules VALUES(6,'Monday','1930',1,3,1);
INSERT INTO schedules VALUES(7,'Tuesday','700',2,1,1);
INSERT INTO schedules VALUES(8,'Tuesday','900',3,2,1);
INSERT INTO schedules VALUES(9,'Tuesday','1100',4,3,1);
INSERT INTO schedules VALUES(10,'Tuesday','1630',5,1,1);
INSERT INTO schedules VALUES(11,'Tuesday','1800',1,2,1);
INSERT INTO schedules VALUES(12,'Tuesday','1930',2,3,1);
INSERT INTO schedules VALUES(13,'Wednesday','700',3,1,1);
INSERT INTO schedules VALUES(14,'Wednesday','900',4,2,1);
INSERT INTO schedules VALUES(15,'Wednesday','1100',5,3,1);
INSERT INTO schedules VALUES(16,'Wednesday','1630',1,1,1);
INSERT INTO schedules VALUES(17,'Wednesday','1800',2,2,1);
INSERT INTO schedules VALUES(18,'Wednesday','1930',3,3,1);
INSERT INTO schedules VALUES(19,'Thursday','700',4,1,1);
INSERT INTO schedules VALUES(20,'Thursday','900',5,2,1);
INSERT INTO schedules VALUES(21,'Thursday','1100',1,3,1);
INSERT INTO schedules VALUES(22,'Thursday','1630',2,1,1);
INSERT INTO schedules VALUES(23,'Thursday','1800',3,2,1);
INSERT INTO schedules VALUES(24,'Thursday','1930',4,3,1);
INSERT INTO schedules VALUES(25,'Friday','700',5,1,1);
INSERT INTO schedules VALUES(26,'Friday','900',1,2,1);
INSERT INTO schedules VALUES(27,'Friday','1100',2,3,1);
INSERT INTO schedules VALUES(28,'Friday','1630',3,1,1);
INSERT INTO schedules VALUES(29,'Friday','1800',4,2,1);
INSERT INTO schedules VALUES(30,'Friday','1930',5,3,1);
INSERT INTO schedules VALUES(31,'Saturday','700',1,1,1);
INSERT INTO schedules VALUES(32,'Saturday','900',2,2,1);
INSERT INTO schedules VALUES(33,'Saturday','1100',3,3,1);
INSERT INTO schedules VALUES(34,'Saturday','1630',4,1,1);
INSERT INTO schedules VALUES(35,'Saturday','1800',5,2,1);
INSERT INTO schedules VALUES(36,'Saturday','1930',1,3,1);
CREATE TABLE tokens (
    id integer primary key autoincrement,
    hash text not null unique check (length(hash) = 64),
    coach_id integer not null references coaches (id) on delete cascade,
    expires_at integer not null
) strict;
INSERT INTO tokens VALUES(1,'f6acbf0bf342e84c8cd9908d91dba889e09e3bf368095c5a4479149ddc7b621a',1,1798631310);
CREATE TABLE change_log_state (
    id integer primary key check (id = 1),
    floor integer not null
) strict;
INSERT INTO change_log_state VALUES(1,0);
CREATE TABLE change_log_marks (
    id integer primary key autoincrement,
    at integer not null,
    next integer not null
) strict;
INSERT INTO change_log_marks VALUES(1,1796039310,65);
CREATE TABLE epochs (
    id integer primary key autoincrement,
    epoch text not null unique check (length(epoch) = 36),
    place text not null,
    began integer not null
) strict;
INSERT INTO epochs VALUES(1,'63dc64a5-9952-47a2-8fb4-5e68f3f54357','',65);
CREATE TABLE requests (
    id text primary key check (length(id) = 36),
    digest text not null check (length(digest) = 64),
    ack text not null,
    at integer not null
, kind integer not null default 1, owner integer, source text not null default '', size integer not null default 0, collection text, row_id integer) strict;
CREATE TABLE version_holds (
    collection text not null,
    row_id integer not null,
    primary key (collection, row_id)
) strict, without rowid;
CREATE TABLE change_log (
        seq integer primary key autoincrement,
        collection text not null,
        row_id integer not null,
        mark integer not null default (random())
    ) strict;
INSERT INTO change_log VALUES(1,'coaches',1,-5455357984541995348);
INSERT INTO change_log VALUES(2,'coaches',2,7313991445249945403);
INSERT INTO change_log VALUES(3,'coaches',3,-6429444674012273414);
INSERT INTO change_log VALUES(4,'coaches',4,-6203848924348077671);
INSERT INTO change_log VALUES(5,'coaches',5,5331964314355466857);
INSERT INTO change_log VALUES(6,'exercise_moves',1,-1044347189036376406);
INSERT INTO change_log VALUES(7,'exercise_moves',2,6493422232638610999);
INSERT INTO change_log VALUES(8,'exercise_moves',3,999789130188239816);
INSERT INTO change_log VALUES(9,'exercise_moves',4,8464729700320617421);
INSERT INTO change_log VALUES(10,'exercise_moves',5,-6784199505833630656);
INSERT INTO change_log VALUES(11,'exercise_moves',6,-2233522174934031665);
INSERT INTO change_log VALUES(12,'workout_plans',1,7262984724280422469);
INSERT INTO change_log VALUES(13,'workout_plans',1,-881430558178240335);
INSERT INTO change_log VALUES(14,'workout_plans',1,400526852749632942);
INSERT INTO change_log VALUES(15,'workout_plans',1,-6262707786207930638);
INSERT INTO change_log VALUES(16,'workout_plans',2,-580691354356408711);
INSERT INTO change_log VALUES(17,'workout_plans',2,-6158909544448551070);
INSERT INTO change_log VALUES(18,'workout_plans',2,-8513153506365566515);
INSERT INTO change_log VALUES(19,'workout_plans',2,-3559652762086489354);
INSERT INTO change_log VALUES(20,'workout_plans',2,-2559270217272244011);
INSERT INTO change_log VALUES(21,'workout_plans',2,4710921899716126679);
INSERT INTO change_log VALUES(22,'workout_plans',3,-242845523914466144);
INSERT INTO change_log VALUES(23,'workout_plans',3,-8637202351888813178);
INSERT INTO change_log VALUES(24,'workout_plans',3,-8821668496439552489);
INSERT INTO change_log VALUES(25,'workout_plans',3,-2897189549522266518);
INSERT INTO change_log VALUES(26,'workout_plans',3,-4608201632797800768);
INSERT INTO change_log VALUES(27,'workout_plans',3,6056638702098758576);
INSERT INTO change_log VALUES(28,'workout_plans',3,5294639651665291763);
INSERT INTO change_log VALUES(29,'schedules',1,3652548857914114791);
INSERT INTO change_log VALUES(30,'schedules',2,-1682525875042016669);
INSERT INTO change_log VALUES(31,'schedules',3,-354131928879243435);
INSERT INTO change_log VALUES(32,'schedules',4,2357797868360446509);
INSERT INTO change_log VALUES(33,'schedules',5,-2016258043918368224);
INSERT INTO change_log VALUES(34,'schedules',6,-6501026905583132854);
INSERT INTO change_log VALUES(35,'schedules',7,8705377979118210927);
INSERT INTO change_log VALUES(36,'schedules',8,-6193484741008836552);
INSERT INTO change_log VALUES(37,'schedules',9,3859112844490526496);
INSERT INTO change_log VALUES(38,'schedules',10,-2502498945655358256);
INSERT INTO change_log VALUES(39,'schedules',11,787651910315351352);
INSERT INTO change_log VALUES(40,'schedules',12,1372563563060395716);
INSERT INTO change_log VALUES(41,'schedules',13,2552922709388926186);
INSERT INTO change_log VALUES(42,'schedules',14,-5638821914428110019);
INSERT INTO change_log VALUES(43,'schedules',15,-4549062492195918424);
INSERT INTO change_log VALUES(44,'schedules',16,8807458581742751393);
INSERT INTO change_log VALUES(45,'schedules',17,5314027582307542233);
INSERT INTO change_log VALUES(46,'schedules',18,9167925532136773182);
INSERT INTO change_log VALUES(47,'schedules',19,-874185620656638104);
INSERT INTO change_log VALUES(48,'schedules',20,-2930249088428652460);
INSERT INTO change_log VALUES(49,'schedules',21,-3841723691990592794);
INSERT INTO change_log VALUES(50,'schedules',22,-5253032839994999817);
INSERT INTO change_log VALUES(51,'schedules',23,-8938387067254915931);
INSERT INTO change_log VALUES(52,'schedules',24,3841256079162208092);
INSERT INTO change_log VALUES(53,'schedules',25,7259259278086944468);
INSERT INTO change_log VALUES(54,'schedules',26,3117081072912658402);
INSERT INTO change_log VALUES(55,'schedules',27,-397543279068828035);
INSERT INTO change_log VALUES(56,'schedules',28,-760727583226356123);
INSERT INTO change_log VALUES(57,'schedules',29,-5914465796395867832);
INSERT INTO change_log VALUES(58,'schedules',30,-2374358796243107289);
INSERT INTO change_log VALUES(59,'schedules',31,4592811720175549450);
INSERT INTO change_log VALUES(60,'schedules',32,-7116987081751178618);
INSERT INTO change_log VALUES(61,'schedules',33,-7791156134534834413);
INSERT INTO change_log VALUES(62,'schedules',34,1616178436451832821);
INSERT INTO change_log VALUES(63,'schedules',35,-5673766897946613631);
INSERT INTO change_log VALUES(64,'schedules',36,5665224231239427375);
INSERT INTO change_log VALUES(65,'coaches',1,1931058864456547194);
INSERT INTO change_log VALUES(66,'coaches',1,8379308757978231813);
CREATE TABLE change_log_digest (
    id integer primary key check (id = 1),
    epoch text not null,
    position text not null,
    digest text not null
) strict;
INSERT INTO change_log_digest VALUES(1,'63dc64a5-9952-47a2-8fb4-5e68f3f54357','67','{"coaches":[[0,0],[1,13876163512448794023],[1,17025849137995943682],[1,10767626333136717402],[1,8673769526425398831],[1,15677451994557720968],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0]],"exercise_moves":[[0,0],[1,17229251153034623666],[1,6017394754089420627],[1,12277806705641164763],[1,3302936296677296218],[1,99992960550210876],[1,1795486555041709045],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0]],"schedules":[[0,0],[1,16060319046774401894],[1,1371298614666937463],[1,7400375301473463236],[1,2901172778947409029],[1,8121072764730073442],[1,16826930263378844657],[1,8013069428296405701],[1,15197386722680538533],[1,18124795577795579390],[1,14989583323058537852],[1,17218715515423485650],[1,833424846497564437],[1,13529130205773302543],[1,9712186011841185873],[1,2164457959263150070],[1,17141219652851842355],[1,10467212148770925123],[1,9928634366134770790],[1,3024651308213909650],[1,15341866923089823648],[1,11319382249762733428],[1,5189548138777256774],[1,18446499498480228671],[1,1643264778096683792],[1,4273881094472635984],[1,5256714710215570666],[1,1879482996921332053],[1,14070500332674599626],[1,11405827042516468300],[1,15175593335880231787],[1,16745105804867644222],[1,16328926704652375514],[1,2124135455669276473],[1,4612954735050859399],[1,16521661453035807051],[1,13720052142224122213],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0]],"workout_plans":[[0,0],[1,8669936585887564637],[1,15121030449086926010],[1,8614290648221460320],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0],[0,0]]}');
CREATE TABLE clock (
    id integer primary key check (id = 1),
    at integer not null,
    wall integer not null,
    boot text,
    uptime integer
) strict;
INSERT INTO clock VALUES(1,1796039310,1796039310,'2c9e08ae-ad0a-4006-abd4-2f4e0a9b89b3',3055);
CREATE TABLE known_addresses (
    coach_id integer not null references coaches (id) on delete cascade,
    address text not null,
    at integer not null,
    primary key (coach_id, address)
) strict;
INSERT INTO known_addresses VALUES(1,'127.0.0.1',1796039310);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('change_log',66);
INSERT INTO sqlite_sequence VALUES('coaches',5);
INSERT INTO sqlite_sequence VALUES('exercise_moves',6);
INSERT INTO sqlite_sequence VALUES('workout_plans',3);
INSERT INTO sqlite_sequence VALUES('workout_plan_moves',14);
INSERT INTO sqlite_sequence VALUES('schedules',36);
INSERT INTO sqlite_sequence VALUES('epochs',1);
INSERT INTO sqlite_sequence VALUES('change_log_marks',1);
INSERT INTO sqlite_sequence VALUES('tokens',1);
CREATE TRIGGER coaches_log_insert after insert on coaches for each row begin insert into change_log (collection, row_id) select 'coaches', new.id where new.id is not null; end;
CREATE TRIGGER coaches_log_update after update on coaches for each row begin insert into change_log (collection, row_id) select 'coaches', old.id where old.id is not null and old.id is not new.id; insert into change_log (collection, row_id) select 'coaches', new.id where new.id is not null; end;
CREATE TRIGGER coaches_log_delete after delete on coaches for each row begin insert into change_log (collection, row_id) select 'coaches', old.id where old.id is not null; end;
CREATE TRIGGER exercise_moves_log_insert after insert on exercise_moves for each row begin insert into change_log (collection, row_id) select 'exercise_moves', new.id where new.id is not null; end;
CREATE TRIGGER exercise_moves_log_update after update on exercise_moves for each row begin insert into change_log (collection, row_id) select 'exercise_moves', old.id where old.id is not null and old.id is not new.id; insert into change_log (collection, row_id) select 'exercise_moves', new.id where new.id is not null; end;
CREATE TRIGGER exercise_moves_log_delete after delete on exercise_moves for each row begin insert into change_log (collection, row_id) select 'exercise_moves', old.id where old.id is not null; end;
CREATE TRIGGER workout_plans_log_insert after insert on workout_plans for each row begin insert into change_log (collection, row_id) select 'workout_plans', new.id where new.id is not null; end;
CREATE TRIGGER workout_plans_log_update after update on workout_plans for each row begin insert into change_log (collection, row_id) select 'workout_plans', old.id where old.id is not null and old.id is not new.id; insert into change_log (collection, row_id) select 'workout_plans', new.id where new.id is not null; end;
CREATE TRIGGER workout_plans_log_delete after delete on workout_plans for each row begin insert into change_log (collection, row_id) select 'workout_plans', old.id where old.id is not null; end;
CREATE INDEX workout_plan_moves_exercise_move_id on workout_plan_moves (exercise_move_id);
CREATE TRIGGER workout_plan_moves_log_insert after insert on workout_plan_moves for each row begin insert into change_log (collection, row_id) select 'workout_plans', new.workout_plan_id where new.workout_plan_id is not null; end;
CREATE TRIGGER workout_plan_moves_log_update after update on workout_plan_moves for each row begin insert into change_log (collection, row_id) select 'workout_plans', old.workout_plan_id where old.workout_plan_id is not null and old.workout_plan_id is not new.workout_plan_id; insert into change_log (collection, row_id) select 'workout_plans', new.workout_plan_id where new.workout_plan_id is not null; end;
CREATE TRIGGER workout_plan_moves_log_delete after delete on workout_plan_moves for each row begin insert into change_log (collection, row_id) select 'workout_plans', old.workout_plan_id where old.workout_plan_id is not null; end;
CREATE INDEX schedules_coach_id on schedules (coach_id);
CREATE INDEX schedules_workout_plan_id on schedules (workout_plan_id);
CREATE TRIGGER schedules_log_insert after insert on schedules for each row begin insert into change_log (collection, row_id) select 'schedules', new.id where new.id is not null; end;
CREATE TRIGGER schedules_log_update after update on schedules for each row begin insert into change_log (collection, row_id) select 'schedules', old.id where old.id is not null and old.id is not new.id; insert into change_log (collection, row_id) select 'schedules', new.id where new.id is not null; end;
CREATE TRIGGER schedules_log_delete after delete on schedules for each row begin insert into change_log (collection, row_id) select 'schedules', old.id where old.id is not null; end;
CREATE INDEX tokens_coach_id on tokens (coach_id);
CREATE INDEX tokens_expires_at on tokens (expires_at);
CREATE INDEX requests_at on requests (at);
CREATE TRIGGER coaches_version_update after update on coaches for each row
            when new.version < old.version or (new.version = old.version and (new."id" collate binary is not old."id" or new."name" collate binary is not old."name" or new."age" collate binary is not old."age" or new."picture" collate binary is not old."picture" or new."username" collate binary is not old."username" or new."password_hash" collate binary is not old."password_hash"))
            begin update coaches set version = old.version + 1 where id = new.id; end;
CREATE TRIGGER coaches_version_insert after insert on coaches for each row
        when new.id <= (select seq from sqlite_sequence where name = 'coaches')
        begin
            update coaches set version = 1 + max(
                new.version,
                (select coalesce(max(seq), 0) from change_log),
                (select coalesce(max(seq), 0) from sqlite_sequence where name = 'change_log')
            ) where id = new.id;
        end;
CREATE TRIGGER exercise_moves_version_update after update on exercise_moves for each row
            when new.version < old.version or (new.version = old.version and (new."id" collate binary is not old."id" or new."name" collate binary is not old."name" or new."focus" collate binary is not old."focus" or new."description" collate binary is not old."description" or new."video_link" collate binary is not old."video_link"))
            begin update exercise_moves set version = old.version + 1 where id = new.id; end;
CREATE TRIGGER exercise_moves_version_insert after insert on exercise_moves for each row
        when new.id <= (select seq from sqlite_sequence where name = 'exercise_moves')
        begin
            update exercise_moves set version = 1 + max(
                new.version,
                (select coalesce(max(seq), 0) from change_log),
                (select coalesce(max(seq), 0) from sqlite_sequence where name = 'change_log')
            ) where id = new.id;
        end;
CREATE TRIGGER workout_plans_version_update after update on workout_plans for each row
            when new.version < old.version or (new.version = old.version and (new."id" collate binary is not old."id" or new."name" collate binary is not old."name" or new."difficulty" collate binary is not old."difficulty" or new."description" collate binary is not old."description"))
            begin update workout_plans set version = old.version + 1 where id = new.id; end;
CREATE TRIGGER workout_plans_version_insert after insert on workout_plans for each row
        when new.id <= (select seq from sqlite_sequence where name = 'workout_plans')
        begin
            update workout_plans set version = 1 + max(
                new.version,
                (select coalesce(max(seq), 0) from change_log),
                (select coalesce(max(seq), 0) from sqlite_sequence where name = 'change_log')
            ) where id = new.id;
        end;
CREATE TRIGGER schedules_version_update after update on schedules for each row
            when new.version < old.version or (new.version = old.version and (new."id" collate binary is not old."id" or new."day" collate binary is not old."day" or new."hour" collate binary is not old."hour" or new."coach_id" collate binary is not old."coach_id" or new."workout_plan_id" collate binary is not old."workout_plan_id"))
            begin update schedules set version = old.version + 1 where id = new.id; end;
CREATE TRIGGER schedules_version_insert after insert on schedules for each row
        when new.id <= (select seq from sqlite_sequence where name = 'schedules')
        begin
            update schedules set version = 1 + max(
                new.version,
                (select coalesce(max(seq), 0) from change_log),
                (select coalesce(max(seq), 0) from sqlite_sequence where name = 'change_log')
            ) where id = new.id;
        end;
CREATE TRIGGER workout_plan_moves_version_insert after insert on workout_plan_moves for each row 
            begin
                update workout_plans set version = version + 1 where id in (new.workout_plan_id) and not exists (
                    select 1 from version_holds where collection = 'workout_plans' and row_id = workout_plans.id
                );
            end;
CREATE TRIGGER workout_plan_moves_version_update after update on workout_plan_moves for each row when new."id" collate binary is not old."id" or new."workout_plan_id" collate binary is not old."workout_plan_id" or new."exercise_move_id" collate binary is not old."exercise_move_id" or new."position" collate binary is not old."position"
            begin
                update workout_plans set version = version + 1 where id in (old.workout_plan_id, new.workout_plan_id) and not exists (
                    select 1 from version_holds where collection = 'workout_plans' and row_id = workout_plans.id
                );
            end;
CREATE TRIGGER workout_plan_moves_version_delete after delete on workout_plan_moves for each row 
            begin
                update workout_plans set version = version + 1 where id in (old.workout_plan_id) and not exists (
                    select 1 from version_holds where collection = 'workout_plans' and row_id = workout_plans.id
                );
            end;
CREATE TRIGGER change_log_cut after delete on change_log
        when old.seq >= (select floor from change_log_state)
        begin update change_log_state set floor = old.seq + 1; end;
CREATE TRIGGER change_log_changed after update on change_log
        when old.seq >= (select floor from change_log_state)
        begin update change_log_state set floor = old.seq + 1; end;
CREATE INDEX requests_source on requests (source, size, at);
CREATE INDEX coaches_unusual_username on coaches ((case when lower(username) <> username or length(username) <> length(cast(username as blob)) then 1 else 0 end));
COMMIT;
