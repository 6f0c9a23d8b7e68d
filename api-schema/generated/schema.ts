// Made from the server's own types by its command `schema typescript`; not to be edited.
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
  /** Who they are when they sign in; null for those who do not. */
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

/** How a payload names another row: by its id. Whatever else is in it is not looked at, so a whole row will do. */
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
  /** Who teaches it. */
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

/** A row to get or to delete: only `id` counts, a whole row will do. */
export interface ById {
  /** Its id. */
  id: number;
}

/** What a deletion is acked with. */
export interface Deleted {
  /** The id that nobody has any more. */
  id: number;
}

/** Which page of rows is asked for. */
export interface ListCoaches {
  /** What columns must be like; all of it holds. */
  where?: {
    id?: Comparison;
    version?: Comparison;
    name?: Comparison;
    age?: Comparison;
    picture?: Comparison;
    username?: Comparison;
  } | null;
  /** Column names with commas between, `-` before one for descending; the first counts most, `id` is last of itself. */
  sort?: string | null;
  /** 1 to 500; 50 if absent. @minimum 1 @maximum 500 */
  limit?: number | null;
  /** What an earlier page gave as `next`. */
  after?: string | null;
}

/** A value that the column has, or comparisons that all hold. */
export type Comparison = string | number | null | {
  eq?: string | number | null;
  ne?: string | number | null;
  gt?: string | number;
  gte?: string | number;
  lt?: string | number;
  lte?: string | number;
  /** @maxItems 100 */
  in?: (string | number)[];
  contains?: string | number;
};

/** A page of rows. */
export interface CoachPage {
  /** In the order that was asked for. */
  rows: Coach[];
  /** What to send as `after` for the next page; null at the end. */
  next: string | null;
  /** Ids of rows that belong here and are too large to be sent, if there are any. */
  left_out?: number[];
}

/** Which page of rows is asked for. */
export interface ListWorkoutPlans {
  /** What columns must be like; all of it holds. */
  where?: {
    id?: Comparison;
    version?: Comparison;
    name?: Comparison;
    difficulty?: Comparison;
    description?: Comparison;
  } | null;
  /** Column names with commas between, `-` before one for descending; the first counts most, `id` is last of itself. */
  sort?: string | null;
  /** 1 to 500; 50 if absent. @minimum 1 @maximum 500 */
  limit?: number | null;
  /** What an earlier page gave as `next`. */
  after?: string | null;
}

/** A page of rows. */
export interface WorkoutPlanPage {
  /** In the order that was asked for. */
  rows: WorkoutPlan[];
  /** What to send as `after` for the next page; null at the end. */
  next: string | null;
  /** Ids of rows that belong here and are too large to be sent, if there are any. */
  left_out?: number[];
}

/** Which page of rows is asked for. */
export interface ListExerciseMoves {
  /** What columns must be like; all of it holds. */
  where?: {
    id?: Comparison;
    version?: Comparison;
    name?: Comparison;
    focus?: Comparison;
    description?: Comparison;
    video_link?: Comparison;
  } | null;
  /** Column names with commas between, `-` before one for descending; the first counts most, `id` is last of itself. */
  sort?: string | null;
  /** 1 to 500; 50 if absent. @minimum 1 @maximum 500 */
  limit?: number | null;
  /** What an earlier page gave as `next`. */
  after?: string | null;
}

/** A page of rows. */
export interface ExerciseMovePage {
  /** In the order that was asked for. */
  rows: ExerciseMove[];
  /** What to send as `after` for the next page; null at the end. */
  next: string | null;
  /** Ids of rows that belong here and are too large to be sent, if there are any. */
  left_out?: number[];
}

/** Which page of rows is asked for. */
export interface ListSchedules {
  /** What columns must be like; all of it holds. */
  where?: {
    id?: Comparison;
    version?: Comparison;
    day?: Comparison;
    hour?: Comparison;
    coach?: Comparison;
    workout_plan?: Comparison;
  } | null;
  /** Column names with commas between, `-` before one for descending; the first counts most, `id` is last of itself. */
  sort?: string | null;
  /** 1 to 500; 50 if absent. @minimum 1 @maximum 500 */
  limit?: number | null;
  /** What an earlier page gave as `next`. */
  after?: string | null;
}

/** A page of rows. */
export interface SchedulePage {
  /** In the order that was asked for. */
  rows: Schedule[];
  /** What to send as `after` for the next page; null at the end. */
  next: string | null;
  /** Ids of rows that belong here and are too large to be sent, if there are any. */
  left_out?: number[];
}

/** Who wants to sign in. */
export interface Login {
  /** Trimmed, as usernames are when they are given. @minLength 1 @maxLength 200 */
  username: string;
  /** Just as it was typed. @minLength 1 @maxLength 200 */
  password: string;
}

/** Who has signed in. */
export interface SignedIn {
  /** The user's row. */
  user: Coach;
  /** For the handshake's `auth` of later connections. */
  token: string;
  /** Unix seconds; from then on the token is worth nothing. */
  expires: number;
}

/** Whoever is signed in wants another password. */
export interface SetPassword {
  /** The password until now. @minLength 1 @maxLength 200 */
  old: string;
  /** The password from now on, just as it was typed: 8 to 200 characters. @minLength 8 @maxLength 200 */
  new: string;
}

/** What the handshake's `auth` may carry. */
export interface Auth {
  /** Who this is: the `token` of an earlier login. */
  token?: string | null;
  /** `snapshots`, the default: collections that changed, whole. `changes`: what changed. */
  live?: "snapshots" | "changes" | null;
  /** With `changes`, the cursor up to which the client is up to date. */
  since?: string | null;
  /** With `changes`, whether to be sent all that there is in parts, by `part`, instead of whole collections. */
  chunks?: boolean | null;
  /** Whether to be told who made each change, by `authored`. */
  authors?: boolean | null;
}

/** How an event is to be handled. */
export interface Options {
  /**
   * Names a write, so that it is safe to send again: a repeat within 24 hours is not carried out, but acked as the first
   * was. Reading is safe to repeat in any case.
   */
  request_id?: string;
}

/** The first thing that a client is told. */
export interface Connected {
  /** The socket's id in a sentence. */
  data: string;
  /** The socket's id. */
  sid: string;
  /** Whose token was presented. */
  user: Coach | null;
  /** Who may do what. */
  access: Access;
  /** Which types the server was built with. */
  schema: Schemas;
  /** What time it is by the database's clock, in milliseconds since 1970; absent if it is not known yet. */
  time?: number | null;
}

/** Who may do what. */
export type Access = "open" | "read" | "members";

/** Hashes of what the contract says: a client that was built for others knows which collections have changed. */
export interface Schemas {
  /** Of all of it. */
  hash: string;
  /** Of each collection, and of `events`, which is all that belongs to no collection. */
  collections: Record<string, string>;
}

/**
 * That a collection is too large to be sent: in the place of its snapshot, and when it has become so. Whatever a client has of it is
 * not kept up to date from here on; once it is small enough again, its snapshot is sent.
 */
export interface Withheld {
  /** The collection. */
  collection: string;
  /** How many bytes of JSON a collection may have to be sent. */
  limit: number;
  /** What to do instead, in a sentence. */
  reason: string;
}

/** Who made a change that has just been sent; a decoration, never needed to follow the rows. */
export interface Authored {
  /** The collection. */
  collection: string;
  /** The row. */
  id: number;
  /** The row's version since; null if it is gone. */
  version: number | null;
  /** Who it was; null for somebody who is not signed in. */
  by: Author | null;
}

/** Who made a change. */
export interface Author {
  /** The user's id. */
  id: number;
  /** The user's name. */
  name: string;
}

/** That a socket is no longer signed in. */
export interface SignedOut {
  /** Why, in a sentence. */
  reason: string;
}

/** What a snapshot is as of. */
export interface Position {
  /** To be sent back as `since`; means nothing to a client. */
  cursor: string;
}

/** What a group of commits has changed, each collection that it touched. */
export interface Changes {
  /** To be sent back as `since`; means nothing to a client. */
  cursor: string;
  coaches?: {
    /** The rows as they are now. */
    upserted: Coach[];
    /** The ids of those that are gone. */
    deleted: number[];
  };
  workout_plans?: {
    /** The rows as they are now. */
    upserted: WorkoutPlan[];
    /** The ids of those that are gone. */
    deleted: number[];
  };
  exercise_moves?: {
    /** The rows as they are now. */
    upserted: ExerciseMove[];
    /** The ids of those that are gone. */
    deleted: number[];
  };
  schedules?: {
    /** The rows as they are now. */
    upserted: Schedule[];
    /** The ids of those that are gone. */
    deleted: number[];
  };
}

/** A part of all that there is. Part 1 begins anew; the rows count once the last part is there. */
export interface Part {
  /** Which part it is, counted from 1. */
  n: number;
  /** How many there are. */
  of: number;
  /** The collection. */
  collection: "coaches" | "workout_plans" | "exercise_moves" | "schedules";
  /** Some of its rows, in id order. */
  rows: (Coach | WorkoutPlan | ExerciseMove | Schedule)[];
  /** In the last part: to be sent back as `since`. */
  cursor?: string;
  /** In the last part, if there are any: collections that are too large to be sent. */
  withheld?: Withheld[];
}

/** The answer to an event; `errors` maps a field, or a `$…` key for the request as a whole, to a sentence. */
export type Ack<T> =
  | { ok: true; data: T; errors: Record<string, never> }
  | { ok: false; data: T | null; errors: Record<string, string> };

/**
 * What is emitted with an event. The ack stands last in every form, because the stock client's types take what `emitWithAck` resolves to from
 * there: whoever wants none passes `() => {}`.
 */
export type Emits<P, T, Beside = unknown> =
  | [payload: P, ack: (ack: Ack<T> & Beside) => void]
  | [payload: P, options: Options, ack: (ack: Ack<T> & Beside) => void];

/** The same for an event whose payload may be left out. */
export type EmitsOptional<P, T, Beside = unknown> =
  | [ack: (ack: Ack<T> & Beside) => void]
  | Emits<P | null, T, Beside>;

/** What each collection is made of. */
export interface Collections {
  coaches: { row: Coach; new: NewCoach; update: UpdateCoach };
  workout_plans: { row: WorkoutPlan; new: NewWorkoutPlan; update: UpdateWorkoutPlan };
  exercise_moves: { row: ExerciseMove; new: NewExerciseMove; update: UpdateExerciseMove };
  schedules: { row: Schedule; new: NewSchedule; update: UpdateSchedule };
}

/** What the server emits. */
export interface ServerToClientEvents {
  /** The first thing that a client is told. */
  connected: (greeting: Connected) => void;
  /** All rows in id order: on connect, by `refresh`, and when they have changed. */
  coaches: (rows: Coach[], at: Position) => void;
  /** All rows in id order: on connect, by `refresh`, and when they have changed. */
  workout_plans: (rows: WorkoutPlan[], at: Position) => void;
  /** All rows in id order: on connect, by `refresh`, and when they have changed. */
  exercise_moves: (rows: ExerciseMove[], at: Position) => void;
  /** All rows in id order: on connect, by `refresh`, and when they have changed. */
  schedules: (rows: Schedule[], at: Position) => void;
  /** What a group of commits has changed; sent with `live: "changes"`. */
  changes: (changes: Changes) => void;
  /** A part of all that there is, in the place of the collections; sent with `chunks: true`. */
  part: (part: Part) => void;
  /**
   * That a collection is too large to be sent: in the place of its snapshot, and when it has become so. Whatever a client has of it is
   * not kept up to date from here on; once it is small enough again, its snapshot is sent.
   */
  withheld: (what: Withheld) => void;
  /** Who made a change that has just been sent; a decoration, never needed to follow the rows. */
  authored: (change: Authored) => void;
  /** That a socket is no longer signed in. */
  signed_out: (why: SignedOut) => void;
}

/** What clients emit. */
export interface ClientToServerEvents {
  /** Makes a coach. */
  new_coach: (...args: Emits<NewCoach, Coach>) => void;
  /** Changes a coach; what is absent stays. */
  update_coach: (...args: Emits<UpdateCoach, Coach>) => void;
  /** Deletes a coach. */
  delete_coach: (...args: Emits<ById, Deleted>) => void;
  /** Finds a coach by its id. */
  get_coach: (...args: Emits<ById, Coach>) => void;
  /** Lists coaches, a page at a time. */
  list_coaches: (...args: EmitsOptional<ListCoaches, CoachPage>) => void;
  /** Makes a workout plan. */
  new_workout_plan: (...args: Emits<NewWorkoutPlan, WorkoutPlan>) => void;
  /** Changes a workout plan; what is absent stays. */
  update_workout_plan: (...args: Emits<UpdateWorkoutPlan, WorkoutPlan>) => void;
  /** Deletes a workout plan. */
  delete_workout_plan: (...args: Emits<ById, Deleted>) => void;
  /** Finds a workout plan by its id. */
  get_workout_plan: (...args: Emits<ById, WorkoutPlan>) => void;
  /** Lists workout plans, a page at a time. */
  list_workout_plans: (...args: EmitsOptional<ListWorkoutPlans, WorkoutPlanPage>) => void;
  /** Makes an exercise move. */
  new_exercise_move: (...args: Emits<NewExerciseMove, ExerciseMove>) => void;
  /** Changes an exercise move; what is absent stays. */
  update_exercise_move: (...args: Emits<UpdateExerciseMove, ExerciseMove>) => void;
  /** Deletes an exercise move. */
  delete_exercise_move: (...args: Emits<ById, Deleted>) => void;
  /** Finds an exercise move by its id. */
  get_exercise_move: (...args: Emits<ById, ExerciseMove>) => void;
  /** Lists exercise moves, a page at a time. */
  list_exercise_moves: (...args: EmitsOptional<ListExerciseMoves, ExerciseMovePage>) => void;
  /** Makes a schedule. */
  new_schedule: (...args: Emits<NewSchedule, Schedule>) => void;
  /** Changes a schedule; what is absent stays. */
  update_schedule: (...args: Emits<UpdateSchedule, Schedule>) => void;
  /** Deletes a schedule. */
  delete_schedule: (...args: Emits<ById, Deleted>) => void;
  /** Finds a schedule by its id. */
  get_schedule: (...args: Emits<ById, Schedule>) => void;
  /** Lists schedules, a page at a time. */
  list_schedules: (...args: EmitsOptional<ListSchedules, SchedulePage>) => void;
  /** Another spelling of `new_exercise_move`. */
  new_exercise_moves: (...args: Emits<NewExerciseMove, ExerciseMove>) => void;
  /** Sends all collections again, to the caller alone. */
  refresh: (...args: EmitsOptional<null, null>) => void;
  /** Signs in. */
  login: (...args: Emits<Login, SignedIn, { user?: Coach }>) => void;
  /** Signs out; the token is worth nothing from then on. */
  logout: (...args: EmitsOptional<null, null>) => void;
  /** Who is signed in; null for nobody. */
  me: (...args: EmitsOptional<null, Coach | null>) => void;
  /** Changes one's own password; one's other sign-ins end, this one goes on. */
  set_password: (...args: Emits<SetPassword, null>) => void;
}

/** What a typed store needs to know of the collections while it runs. */
export interface Schema<C> {
  /** Of all of the contract; `connected` carries the server's. */
  hash: string;
  /** Of what belongs to no collection. */
  events?: string;
  collections: { [K in keyof C]: CollectionSchema };
  /** Never there: it carries the types of the rows. */
  types?: C;
}

export interface CollectionSchema {
  /** One row's name, as in `new_member`. */
  name: string;
  /** Of its row, its payloads and its columns. */
  hash: string;
  /** Whether clients are sent it, or must list it. */
  sent: boolean;
  /** Columns whose text is compared, and sorted, as the whole number that it spells. */
  numbers?: readonly string[];
  /** Whose rows are shown within these, and which of their fields. */
  nests: Record<string, { collection: string; many: boolean; fields: string[] }>;
}

export const schema: Schema<Collections> = {
  hash: "794c8d77a58c5a9f",
  events: "01829f80bac6efbf",
  collections: {
    coaches: {
      name: "coach",
      hash: "2efa6691a0e5ff6b",
      sent: true,
      nests: {},
    },
    workout_plans: {
      name: "workout_plan",
      hash: "eb6453d7befac229",
      sent: true,
      nests: {
        exercise_moves: { collection: "exercise_moves", many: true, fields: ["id", "name", "focus", "description", "video_link", "version"] },
      },
    },
    exercise_moves: {
      name: "exercise_move",
      hash: "59d752d01fed501b",
      sent: true,
      nests: {},
    },
    schedules: {
      name: "schedule",
      hash: "a293334708b5a681",
      sent: true,
      numbers: ["hour"],
      nests: {
        coach: { collection: "coaches", many: false, fields: ["id", "name"] },
        workout_plan: { collection: "workout_plans", many: false, fields: ["id", "name", "difficulty"] },
      },
    },
  },
};

/** The rules of each field of what makes a row, for forms; the server's word counts. */
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
