// Generated from the server's types by its command `schema typescript`; do not edit.
//
// With a stock socket.io-client:
//
//   import { io, type Socket } from "socket.io-client";
//   const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io("http://localhost:5555");

/** A coach as clients see one; the password never leaves the server. */
export interface Coach {
  /** Given out in order from 1. */
  id: number;
  /** What everybody calls them. */
  name: string;
  /** In years. */
  age: number;
  /** Address of a portrait. */
  picture: string;
  /** Login name; null if the coach cannot sign in. */
  username: string | null;
  /** Another one whenever the row changes; grows by one with each update made here. */
  version: number;
}

/** The payload of `new_coach`. */
export interface NewCoach {
  /** 2 to 40 characters. @minLength 2 @maxLength 40 */
  name: string;
  /** 18 to 120. @minimum 18 @maximum 120 */
  age: number;
  /** An http or https address. @maxLength 2000 */
  picture: string;
  /** 2 to 40 letters, digits and plain signs, of no other coach; null for a coach who does not sign in. @minLength 2 @maxLength 40 */
  username?: string | null;
}

/** The payload of `update_coach`; absent fields keep their value. */
export interface UpdateCoach {
  /** The row to update. */
  id: number;
  /** The version that the client saw; checked if present. */
  version?: number;
  /** 2 to 40 characters. @minLength 2 @maxLength 40 */
  name?: string;
  /** 18 to 120. @minimum 18 @maximum 120 */
  age?: number;
  /** An http or https address. @maxLength 2000 */
  picture?: string;
  /** 2 to 40 letters, digits and plain signs, of no other coach; null for a coach who does not sign in. @minLength 2 @maxLength 40 */
  username?: string | null;
}

/** A workout plan as clients see one. */
export interface WorkoutPlan {
  /** Given out in order from 1. */
  id: number;
  /** What it is called. */
  name: string;
  /** How hard it is, in words. */
  difficulty: string;
  /** What to expect. */
  description: string;
  /** Its moves, in the order they are done; one may come more than once. */
  exercise_moves: ExerciseMove[];
  /** Another one whenever the row changes; grows by one with each update made here. */
  version: number;
}

/** An exercise move as clients see one. */
export interface ExerciseMove {
  /** Given out in order from 1. */
  id: number;
  /** What it is called. */
  name: string;
  /** What it trains. */
  focus: string;
  /** How it is done. */
  description: string;
  /** Address of a film that shows it. */
  video_link: string;
  /** Another one whenever the row changes; grows by one with each update made here. */
  version: number;
}

/** The payload of `new_workout_plan`. */
export interface NewWorkoutPlan {
  /** 2 to 40 characters. @minLength 2 @maxLength 40 */
  name: string;
  /** 2 to 20 characters. @minLength 2 @maxLength 20 */
  difficulty: string;
  /** 10 to 300 characters. @minLength 10 @maxLength 300 */
  description: string;
  /** 1 to 100 ids, in order; repeats are kept. @minItems 1 @maxItems 100 */
  exercise_moves: Ref[];
}

/** A reference to a row by its id. Other fields are ignored, so a whole row is accepted. */
export interface Ref {
  /** The row's id. */
  id: number;
}

/** The payload of `update_workout_plan`; absent fields keep their value. */
export interface UpdateWorkoutPlan {
  /** The row to update. */
  id: number;
  /** The version that the client saw; checked if present. */
  version?: number;
  /** 2 to 40 characters. @minLength 2 @maxLength 40 */
  name?: string;
  /** 2 to 20 characters. @minLength 2 @maxLength 20 */
  difficulty?: string;
  /** 10 to 300 characters. @minLength 10 @maxLength 300 */
  description?: string;
  /** 1 to 100 ids, in order; repeats are kept. @minItems 1 @maxItems 100 */
  exercise_moves?: Ref[];
}

/** The payload of `new_exercise_move`. */
export interface NewExerciseMove {
  /** 2 to 30 characters. @minLength 2 @maxLength 30 */
  name: string;
  /** 2 to 30 characters. @minLength 2 @maxLength 30 */
  focus: string;
  /** 10 to 500 characters. @minLength 10 @maxLength 500 */
  description: string;
  /** An http or https address. @maxLength 2000 */
  video_link: string;
}

/** The payload of `update_exercise_move`; absent fields keep their value. */
export interface UpdateExerciseMove {
  /** The row to update. */
  id: number;
  /** The version that the client saw; checked if present. */
  version?: number;
  /** 2 to 30 characters. @minLength 2 @maxLength 30 */
  name?: string;
  /** 2 to 30 characters. @minLength 2 @maxLength 30 */
  focus?: string;
  /** 10 to 500 characters. @minLength 10 @maxLength 500 */
  description?: string;
  /** An http or https address. @maxLength 2000 */
  video_link?: string;
}

/** A class as clients see one. */
export interface Schedule {
  /** Given out in order from 1. */
  id: number;
  /** `Monday` to `Sunday`. */
  day: Day;
  /** `"0"` to `"2359"`: hours and minutes without a colon and without leading zeros. */
  hour: string;
  /** The teacher. */
  coach: CoachRef;
  /** What it works through. */
  workout_plan: WorkoutPlanRef;
  /** Another one whenever the row changes; grows by one with each update made here. */
  version: number;
}

/** A day of the week. */
export type Day = "Monday" | "Tuesday" | "Wednesday" | "Thursday" | "Friday" | "Saturday" | "Sunday";

/** What a class shows of its coach. */
export interface CoachRef {
  /** The coach's id. */
  id: number;
  /** The coach's name. */
  name: string;
}

/** What a class shows of its plan. */
export interface WorkoutPlanRef {
  /** The plan's id. */
  id: number;
  /** The plan's name. */
  name: string;
  /** How hard the plan is. */
  difficulty: string;
}

/** The payload of `new_schedule`. */
export interface NewSchedule {
  /** `Monday` to `Sunday`. */
  day: Day;
  /** `"0"` to `"2359"`, without leading zeros. */
  hour: string;
  /** The id of a coach. */
  coach: Ref;
  /** The id of a workout plan. */
  workout_plan: Ref;
}

/** The payload of `update_schedule`; absent fields keep their value. */
export interface UpdateSchedule {
  /** The row to update. */
  id: number;
  /** The version that the client saw; checked if present. */
  version?: number;
  /** `Monday` to `Sunday`. */
  day?: Day;
  /** `"0"` to `"2359"`, without leading zeros. */
  hour?: string;
  /** The id of a coach. */
  coach?: Ref;
  /** The id of a workout plan. */
  workout_plan?: Ref;
}

/** The row to get or to delete. Other fields are ignored, so a whole row is accepted. */
export interface ById {
  /** The row's id. */
  id: number;
}

/** The ack's `data` of a deletion. */
export interface Deleted {
  /** The id of the deleted row. */
  id: number;
}

/** A request for one page of rows. */
export interface ListCoaches {
  /** Which rows: all, if absent. */
  where?: ListCoachesWhere | null;
  /**
   * Column names separated by commas, most significant first; `-` before a name means descending. `id` is always the
   * last.
   */
  sort?: string | null;
  /** 1 to 500; 50 if absent. @minimum 1 @maximum 500 */
  limit?: number | null;
  /** `next` of the previous page. */
  after?: string | null;
}

/** Conditions on columns, all of which must hold. */
export interface ListCoachesWhere {
  /** All of these hold. */
  and?: ListCoachesWhere[];
  /** One of these holds. */
  or?: ListCoachesWhere[];
  /** This does not hold. */
  not?: ListCoachesWhere;
  id?: Comparison;
  version?: Comparison;
  name?: Comparison;
  age?: Comparison;
  picture?: Comparison;
  username?: Comparison;
}

/** A value that the column equals, or comparisons that all hold. */
export type Comparison = string | number | boolean | null | {
  eq?: string | number | boolean | null;
  ne?: string | number | boolean | null;
  gt?: string | number;
  gte?: string | number;
  lt?: string | number;
  lte?: string | number;
  /** @maxItems 100 */
  in?: (string | number | boolean)[];
  contains?: string | number;
  starts_with?: string | number;
  is_null?: boolean;
  has?: string | number | boolean;
};

/** A page of rows. */
export interface CoachPage {
  /** The rows in the requested order. */
  rows: Coach[];
  /** The value of `after` for the next page; null at the end. */
  next: string | null;
  /** Ids of rows of this page that are too large to be sent; absent if there are none. */
  left_out?: number[];
}

/** A request for the number of rows. */
export interface CountCoaches {
  /** Which rows: all, if absent. */
  where?: ListCoachesWhere;
}

/** The number of rows that meet a condition. */
export interface Counted {
  /** The number of rows. */
  count: number;
}

/** A request for one page of rows. */
export interface ListWorkoutPlans {
  /** Which rows: all, if absent. */
  where?: ListWorkoutPlansWhere | null;
  /**
   * Column names separated by commas, most significant first; `-` before a name means descending. `id` is always the
   * last.
   */
  sort?: string | null;
  /** 1 to 500; 50 if absent. @minimum 1 @maximum 500 */
  limit?: number | null;
  /** `next` of the previous page. */
  after?: string | null;
}

/** Conditions on columns, all of which must hold. */
export interface ListWorkoutPlansWhere {
  /** All of these hold. */
  and?: ListWorkoutPlansWhere[];
  /** One of these holds. */
  or?: ListWorkoutPlansWhere[];
  /** This does not hold. */
  not?: ListWorkoutPlansWhere;
  id?: Comparison;
  version?: Comparison;
  name?: Comparison;
  difficulty?: Comparison;
  description?: Comparison;
}

/** A page of rows. */
export interface WorkoutPlanPage {
  /** The rows in the requested order. */
  rows: WorkoutPlan[];
  /** The value of `after` for the next page; null at the end. */
  next: string | null;
  /** Ids of rows of this page that are too large to be sent; absent if there are none. */
  left_out?: number[];
}

/** A request for the number of rows. */
export interface CountWorkoutPlans {
  /** Which rows: all, if absent. */
  where?: ListWorkoutPlansWhere;
}

/** A request for one page of rows. */
export interface ListExerciseMoves {
  /** Which rows: all, if absent. */
  where?: ListExerciseMovesWhere | null;
  /**
   * Column names separated by commas, most significant first; `-` before a name means descending. `id` is always the
   * last.
   */
  sort?: string | null;
  /** 1 to 500; 50 if absent. @minimum 1 @maximum 500 */
  limit?: number | null;
  /** `next` of the previous page. */
  after?: string | null;
}

/** Conditions on columns, all of which must hold. */
export interface ListExerciseMovesWhere {
  /** All of these hold. */
  and?: ListExerciseMovesWhere[];
  /** One of these holds. */
  or?: ListExerciseMovesWhere[];
  /** This does not hold. */
  not?: ListExerciseMovesWhere;
  id?: Comparison;
  version?: Comparison;
  name?: Comparison;
  focus?: Comparison;
  description?: Comparison;
  video_link?: Comparison;
}

/** A page of rows. */
export interface ExerciseMovePage {
  /** The rows in the requested order. */
  rows: ExerciseMove[];
  /** The value of `after` for the next page; null at the end. */
  next: string | null;
  /** Ids of rows of this page that are too large to be sent; absent if there are none. */
  left_out?: number[];
}

/** A request for the number of rows. */
export interface CountExerciseMoves {
  /** Which rows: all, if absent. */
  where?: ListExerciseMovesWhere;
}

/** A request for one page of rows. */
export interface ListSchedules {
  /** Which rows: all, if absent. */
  where?: ListSchedulesWhere | null;
  /**
   * Column names separated by commas, most significant first; `-` before a name means descending. `id` is always the
   * last.
   */
  sort?: string | null;
  /** 1 to 500; 50 if absent. @minimum 1 @maximum 500 */
  limit?: number | null;
  /** `next` of the previous page. */
  after?: string | null;
}

/** Conditions on columns, all of which must hold. */
export interface ListSchedulesWhere {
  /** All of these hold. */
  and?: ListSchedulesWhere[];
  /** One of these holds. */
  or?: ListSchedulesWhere[];
  /** This does not hold. */
  not?: ListSchedulesWhere;
  id?: Comparison;
  version?: Comparison;
  day?: Comparison;
  hour?: Comparison;
  coach?: Comparison;
  workout_plan?: Comparison;
}

/** A page of rows. */
export interface SchedulePage {
  /** The rows in the requested order. */
  rows: Schedule[];
  /** The value of `after` for the next page; null at the end. */
  next: string | null;
  /** Ids of rows of this page that are too large to be sent; absent if there are none. */
  left_out?: number[];
}

/** A request for the number of rows. */
export interface CountSchedules {
  /** Which rows: all, if absent. */
  where?: ListSchedulesWhere;
}

/** The payload of `login`. */
export interface Login {
  /** The username, trimmed. @minLength 1 @maxLength 200 */
  username: string;
  /** The password, not trimmed. @minLength 1 @maxLength 200 */
  password: string;
}

/** The `data` of a successful login. */
export interface SignedIn {
  /** The user's row. */
  user: Coach;
  /** The token for the handshake's `auth` of later connections. */
  token: string;
  /** The time in Unix seconds from which on the token is invalid. */
  expires: number;
}

/** The payload of `set_password`. */
export interface SetPassword {
  /** The current password. @minLength 1 @maxLength 200 */
  old: string;
  /** The new password, not trimmed: 8 to 200 characters. @minLength 8 @maxLength 200 */
  new: string;
}

/** The handshake's `auth`. */
export interface HandshakeAuth {
  /** The `token` of an earlier login. */
  token?: string | null;
  /**
   * `snapshots`, the default: whole collections whenever they change. `changes`: only the rows that changed. `none`: no
   * collection unasked.
   */
  live?: "snapshots" | "changes" | "none" | null;
  /** With `changes`: the cursor up to which the client is up to date. */
  since?: string | null;
  /** With `changes`: whether full snapshots are sent in parts, by `part`, instead of whole collections. */
  chunks?: boolean | null;
  /** Whether to send the author of each change, by `authored`. */
  authors?: boolean | null;
}

/** Options of an event. */
export interface RequestOptions {
  /**
   * Makes a write idempotent: a retry with the same id within 24 hours is not executed again, but acked with the
   * stored ack.
   */
  request_id?: string;
}

/** The first event on every connection. */
export interface Connected {
  /** A sentence with the socket's id. */
  data: string;
  /** The socket's id. */
  sid: string;
  /** The owner of the token that was presented; null without a valid one. */
  user: Coach | null;
  /** The server's access mode. */
  access: AccessMode;
  /** Hashes of the server's schema. */
  schema: SchemaHashes;
  /** The time by the database's clock, in milliseconds since 1970; absent if it is not known yet. */
  time?: number | null;
}

/** Which requests need a signed-in user. */
export type AccessMode = "open" | "read" | "members";

/** Hashes of the schema: a client that was built for another schema finds out which collections have changed. */
export interface SchemaHashes {
  /** Of the whole schema. */
  hash: string;
  /** Of each collection, and of `events`: everything that belongs to no collection. */
  collections: Record<string, string>;
}

/**
 * A collection is too large to be sent. Sent in place of its snapshot, and when it grows too large. The client's rows
 * of it are not kept up to date from then on; once the collection is small enough again, its snapshot is sent.
 */
export interface Withheld {
  /** The collection. */
  collection: string;
  /** The most bytes of JSON that a collection may have to be sent. */
  limit: number;
  /** A sentence that says what to do instead. */
  reason: string;
}

/** The author of a change that has just been sent. Best-effort: following the rows does not need it. */
export interface Authored {
  /** The collection. */
  collection: string;
  /** The row's id. */
  id: number;
  /** The row's version after the change; null if it was deleted. */
  version: number | null;
  /** The author; null if the change was made without signing in. */
  by: Author | null;
}

/** The user that made a change. */
export interface Author {
  /** The user's id. */
  id: number;
  /** The user's name. */
  name: string;
}

/** The socket is no longer signed in. */
export interface SignedOut {
  /** The reason, in a sentence. */
  reason: string;
}

/** Sent with a snapshot. */
export interface SnapshotMeta {
  /** Opaque to clients; to be sent back as `since`. */
  cursor: string;
}

/** The rows that one or more commits changed, by collection. */
export interface Changes {
  /** Opaque to clients; to be sent back as `since`. */
  cursor: string;
  coaches?: {
    /** Current rows. */
    upserted: Coach[];
    /** Ids of deleted rows. */
    deleted: number[];
  };
  workout_plans?: {
    /** Current rows. */
    upserted: WorkoutPlan[];
    /** Ids of deleted rows. */
    deleted: number[];
  };
  exercise_moves?: {
    /** Current rows. */
    upserted: ExerciseMove[];
    /** Ids of deleted rows. */
    deleted: number[];
  };
  schedules?: {
    /** Current rows. */
    upserted: Schedule[];
    /** Ids of deleted rows. */
    deleted: number[];
  };
}

/** A part of the full snapshot. Part 1 starts a new snapshot; apply the rows when the last part has arrived. */
export interface Part {
  /** The number of this part, counted from 1. */
  n: number;
  /** The number of parts. */
  of: number;
  /** The collection. */
  collection: "coaches" | "workout_plans" | "exercise_moves" | "schedules";
  /** Some of its rows, in id order. */
  rows: (Coach | WorkoutPlan | ExerciseMove | Schedule)[];
  /** In the last part: to be sent back as `since`. */
  cursor?: string;
  /** In the last part: collections that are too large to be sent, if there are any. */
  withheld?: Withheld[];
}

/** The response to an event; `errors` maps a field, or a `$…` key for the request as a whole, to a sentence. */
export type Ack<T> =
  | { ok: true; data: T; errors: Record<string, never> }
  | { ok: false; data: T | null; errors: Record<string, string> };

/**
 * The arguments of an event. Every variant ends with the ack, because the stock client derives the result of `emitWithAck` from the last
 * argument; to ignore the ack, pass `() => {}`.
 */
export type EmitArgs<P, T, Extra = unknown> =
  | [payload: P, ack: (ack: Ack<T> & Extra) => void]
  | [payload: P, options: RequestOptions, ack: (ack: Ack<T> & Extra) => void];

/** The arguments of an event with an optional payload. */
export type OptionalEmitArgs<P, T, Extra = unknown> =
  | [ack: (ack: Ack<T> & Extra) => void]
  | EmitArgs<P | null, T, Extra>;

/** The types of each collection. */
export interface Collections {
  coaches: { row: Coach; new: NewCoach; update: UpdateCoach };
  workout_plans: { row: WorkoutPlan; new: NewWorkoutPlan; update: UpdateWorkoutPlan };
  exercise_moves: { row: ExerciseMove; new: NewExerciseMove; update: UpdateExerciseMove };
  schedules: { row: Schedule; new: NewSchedule; update: UpdateSchedule };
}

/** Events that the server emits. */
export interface ServerToClientEvents {
  /** The first event on every connection. */
  connected: (info: Connected) => void;
  /** All rows in id order: on connect, by `refresh`, and when they have changed. */
  coaches: (rows: Coach[], meta: SnapshotMeta) => void;
  /** All rows in id order: on connect, by `refresh`, and when they have changed. */
  workout_plans: (rows: WorkoutPlan[], meta: SnapshotMeta) => void;
  /** All rows in id order: on connect, by `refresh`, and when they have changed. */
  exercise_moves: (rows: ExerciseMove[], meta: SnapshotMeta) => void;
  /** All rows in id order: on connect, by `refresh`, and when they have changed. */
  schedules: (rows: Schedule[], meta: SnapshotMeta) => void;
  /** The rows that one or more commits changed; sent with `live: "changes"`. */
  changes: (changes: Changes) => void;
  /** A part of the full snapshot, instead of whole collections; sent with `chunks: true`. */
  part: (part: Part) => void;
  /**
   * A collection is too large to be sent. Sent in place of its snapshot, and when it grows too large. The client's rows
   * of it are not kept up to date from then on; once the collection is small enough again, its snapshot is sent.
   */
  withheld: (withheld: Withheld) => void;
  /** The author of a change that has just been sent. Best-effort: following the rows does not need it. */
  authored: (authored: Authored) => void;
  /** The socket is no longer signed in. */
  signed_out: (signedOut: SignedOut) => void;
}

/** Events that clients emit. */
export interface ClientToServerEvents {
  /** Makes a coach. */
  new_coach: (...args: EmitArgs<NewCoach, Coach>) => void;
  /** Changes a coach; what is absent stays. */
  update_coach: (...args: EmitArgs<UpdateCoach, Coach>) => void;
  /** Deletes a coach. */
  delete_coach: (...args: EmitArgs<ById, Deleted>) => void;
  /** Finds a coach by its id. */
  get_coach: (...args: EmitArgs<ById, Coach>) => void;
  /** Lists coaches, a page at a time. */
  list_coaches: (...args: OptionalEmitArgs<ListCoaches, CoachPage>) => void;
  /** Counts coaches. */
  count_coaches: (...args: OptionalEmitArgs<CountCoaches, Counted>) => void;
  /** Makes a workout plan. */
  new_workout_plan: (...args: EmitArgs<NewWorkoutPlan, WorkoutPlan>) => void;
  /** Changes a workout plan; what is absent stays. */
  update_workout_plan: (...args: EmitArgs<UpdateWorkoutPlan, WorkoutPlan>) => void;
  /** Deletes a workout plan. */
  delete_workout_plan: (...args: EmitArgs<ById, Deleted>) => void;
  /** Finds a workout plan by its id. */
  get_workout_plan: (...args: EmitArgs<ById, WorkoutPlan>) => void;
  /** Lists workout plans, a page at a time. */
  list_workout_plans: (...args: OptionalEmitArgs<ListWorkoutPlans, WorkoutPlanPage>) => void;
  /** Counts workout plans. */
  count_workout_plans: (...args: OptionalEmitArgs<CountWorkoutPlans, Counted>) => void;
  /** Makes an exercise move. */
  new_exercise_move: (...args: EmitArgs<NewExerciseMove, ExerciseMove>) => void;
  /** Changes an exercise move; what is absent stays. */
  update_exercise_move: (...args: EmitArgs<UpdateExerciseMove, ExerciseMove>) => void;
  /** Deletes an exercise move. */
  delete_exercise_move: (...args: EmitArgs<ById, Deleted>) => void;
  /** Finds an exercise move by its id. */
  get_exercise_move: (...args: EmitArgs<ById, ExerciseMove>) => void;
  /** Lists exercise moves, a page at a time. */
  list_exercise_moves: (...args: OptionalEmitArgs<ListExerciseMoves, ExerciseMovePage>) => void;
  /** Counts exercise moves. */
  count_exercise_moves: (...args: OptionalEmitArgs<CountExerciseMoves, Counted>) => void;
  /** Makes a schedule. */
  new_schedule: (...args: EmitArgs<NewSchedule, Schedule>) => void;
  /** Changes a schedule; what is absent stays. */
  update_schedule: (...args: EmitArgs<UpdateSchedule, Schedule>) => void;
  /** Deletes a schedule. */
  delete_schedule: (...args: EmitArgs<ById, Deleted>) => void;
  /** Finds a schedule by its id. */
  get_schedule: (...args: EmitArgs<ById, Schedule>) => void;
  /** Lists schedules, a page at a time. */
  list_schedules: (...args: OptionalEmitArgs<ListSchedules, SchedulePage>) => void;
  /** Counts schedules. */
  count_schedules: (...args: OptionalEmitArgs<CountSchedules, Counted>) => void;
  /** Another spelling of `new_exercise_move`. */
  new_exercise_moves: (...args: EmitArgs<NewExerciseMove, ExerciseMove>) => void;
  /** Sends all collections again, to the caller alone. */
  refresh: (...args: OptionalEmitArgs<null, null>) => void;
  /** Carries out several writes in one transaction, all or none. */
  batch: (...args: EmitArgs<[string, Record<string, unknown>][], unknown[]>) => void;
  /** Signs in. */
  login: (...args: EmitArgs<Login, SignedIn, { user?: Coach }>) => void;
  /** Signs out and makes the token invalid. */
  logout: (...args: OptionalEmitArgs<null, null>) => void;
  /** The signed-in user; null if there is none. */
  me: (...args: OptionalEmitArgs<null, Coach | null>) => void;
  /** Changes the caller's password and ends the user's other sign-ins. */
  set_password: (...args: EmitArgs<SetPassword, null>) => void;
}

/** The values about collections that a typed store needs at run time. */
export interface Schema<C> {
  /** The hash of the whole schema; `connected` carries the server's. */
  hash: string;
  /** The hash of everything that belongs to no collection. */
  events?: string;
  collections: { [K in keyof C]: CollectionSchema };
  /** Never set: it carries the types of the rows. */
  types?: C;
}

export interface CollectionSchema {
  /** The singular name, as in `new_member`. */
  name: string;
  /** The hash of its row, payloads and columns. */
  hash: string;
  /** Whether it is kept live on clients; otherwise it must be listed. */
  sent: boolean;
  /** Text columns that are compared and sorted as the whole numbers they contain. */
  numbers?: readonly string[];
  /** Collections whose rows are embedded in these, and the embedded fields. */
  nests: Record<string, { collection: string; many: boolean; fields: string[] }>;
}

export const schema: Schema<Collections> = {
  hash: "a1056f33cee3b992",
  events: "a8f1fbd81190ed3d",
  collections: {
    coaches: {
      name: "coach",
      hash: "9ce44c95d48ed4d4",
      sent: true,
      nests: {},
    },
    workout_plans: {
      name: "workout_plan",
      hash: "d751dbde549e609a",
      sent: true,
      nests: {
        exercise_moves: { collection: "exercise_moves", many: true, fields: ["id", "name", "focus", "description", "video_link", "version"] },
      },
    },
    exercise_moves: {
      name: "exercise_move",
      hash: "739b04ee5b73081b",
      sent: true,
      nests: {},
    },
    schedules: {
      name: "schedule",
      hash: "59be02b9b8119b6b",
      sent: true,
      numbers: ["hour"],
      nests: {
        coach: { collection: "coaches", many: false, fields: ["id", "name"] },
        workout_plan: { collection: "workout_plans", many: false, fields: ["id", "name", "difficulty"] },
      },
    },
  },
};

/** The rules of each field of a new row, for forms. The server has the final say. */
export const rules = {
  coaches: {
    name: { type: "string", required: true, minLength: 2, maxLength: 40 },
    age: { type: "integer", required: true, minimum: 18, maximum: 120 },
    picture: { type: "string", required: true, maxLength: 2000, pattern: "^[Hh][Tt][Tt][Pp][Ss]?:\\/\\/[^\\s!-\\/:-@\\\\\\]\\^`\\{-~]\\S*$" },
    username: { type: "string", required: false, minLength: 2, maxLength: 40, pattern: "^\\S*$" },
  },
  workout_plans: {
    name: { type: "string", required: true, minLength: 2, maxLength: 40 },
    difficulty: { type: "string", required: true, minLength: 2, maxLength: 20 },
    description: { type: "string", required: true, minLength: 10, maxLength: 300 },
    exercise_moves: { type: "array", required: true, minItems: 1, maxItems: 100, collection: "exercise_moves" },
  },
  exercise_moves: {
    name: { type: "string", required: true, minLength: 2, maxLength: 30 },
    focus: { type: "string", required: true, minLength: 2, maxLength: 30 },
    description: { type: "string", required: true, minLength: 10, maxLength: 500 },
    video_link: { type: "string", required: true, maxLength: 2000, pattern: "^[Hh][Tt][Tt][Pp][Ss]?:\\/\\/[^\\s!-\\/:-@\\\\\\]\\^`\\{-~]\\S*$" },
  },
  schedules: {
    day: { type: "string", required: true, enum: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] },
    hour: { type: "string", required: true, pattern: "^0*([0-9]|[1-5][0-9]|[1-9][0-5][0-9]|1[0-9][0-5][0-9]|2[0-3][0-5][0-9])$" },
    coach: { type: "object", required: true, collection: "coaches" },
    workout_plan: { type: "object", required: true, collection: "workout_plans" },
  },
} as const;
