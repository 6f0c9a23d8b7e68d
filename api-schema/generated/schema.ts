// What goes over the wire.

export interface Coach { id: number; name: string; age: number; picture: string; username: string | null; version: number }
export interface NewCoach { name: string; age: number; picture: string; username?: string | null }
export interface UpdateCoach { id: number; version?: number; name?: string; age?: number; picture?: string; username?: string | null }
export interface ExerciseMove { id: number; name: string; focus: string; description: string; video_link: string; version: number }
export interface NewExerciseMove { name: string; focus: string; description: string; video_link: string }
export interface UpdateExerciseMove { id: number; version?: number; name?: string; focus?: string; description?: string; video_link?: string }
export interface WorkoutPlan { id: number; name: string; difficulty: string; description: string; exercise_moves: ExerciseMove[]; version: number }
export interface NewWorkoutPlan { name: string; difficulty: string; description: string; exercise_moves: Ref[] }
export interface UpdateWorkoutPlan { id: number; version?: number; name?: string; difficulty?: string; description?: string; exercise_moves?: Ref[] }
export interface CoachRef { id: number; name: string }
export interface WorkoutPlanRef { id: number; name: string; difficulty: string }
export type Day = "Monday" | "Tuesday" | "Wednesday" | "Thursday" | "Friday" | "Saturday" | "Sunday";
export interface Schedule { id: number; day: Day; hour: string; coach: CoachRef; workout_plan: WorkoutPlanRef; version: number }
export interface NewSchedule { day: Day; hour: string; coach: Ref; workout_plan: Ref }
export interface UpdateSchedule { id: number; version?: number; day?: Day; hour?: string; coach?: Ref; workout_plan?: Ref }
export interface Ref { id: number }

export interface Collections {
  coaches: { row: Coach; new: NewCoach; update: UpdateCoach };
  workout_plans: { row: WorkoutPlan; new: NewWorkoutPlan; update: UpdateWorkoutPlan };
  exercise_moves: { row: ExerciseMove; new: NewExerciseMove; update: UpdateExerciseMove };
  schedules: { row: Schedule; new: NewSchedule; update: UpdateSchedule };
}

export interface CollectionSchema {
  name: string;
  hash: string;
  sent: boolean;
  nests: Record<string, { collection: string; many: boolean; fields: string[] }>;
}
export interface Schema<C> {
  hash: string;
  collections: { [K in keyof C]: CollectionSchema };
  types?: C;
}

export const schema: Schema<Collections> = {
  hash: "0000000000000000",
  collections: {
    coaches: { name: "coach", hash: "0000000000000000", sent: true, nests: {} },
    workout_plans: {
      name: "workout_plan", hash: "0000000000000000", sent: true,
      nests: { exercise_moves: { collection: "exercise_moves", many: true, fields: ["id", "name", "focus", "description", "video_link", "version"] } },
    },
    exercise_moves: { name: "exercise_move", hash: "0000000000000000", sent: true, nests: {} },
    schedules: {
      name: "schedule", hash: "0000000000000000", sent: true,
      nests: {
        coach: { collection: "coaches", many: false, fields: ["id", "name"] },
        workout_plan: { collection: "workout_plans", many: false, fields: ["id", "name", "difficulty"] },
      },
    },
  },
};

export const rules = {
  coaches: {
    name: { type: "string", required: true, minLength: 2, maxLength: 40 },
    age: { type: "integer", required: true, minimum: 18, maximum: 120 },
    picture: { type: "string", required: true, maxLength: 2000 },
    username: { type: "string", required: false, minLength: 2, maxLength: 40 },
  },
  workout_plans: {
    name: { type: "string", required: true, minLength: 2, maxLength: 40 },
    difficulty: { type: "string", required: true, minLength: 2, maxLength: 20 },
    description: { type: "string", required: true, minLength: 10, maxLength: 300 },
    exercise_moves: { type: "array", required: true, minItems: 1, maxItems: 100 },
  },
  exercise_moves: {
    name: { type: "string", required: true, minLength: 2, maxLength: 30 },
    focus: { type: "string", required: true, minLength: 2, maxLength: 30 },
    description: { type: "string", required: true, minLength: 10, maxLength: 500 },
    video_link: { type: "string", required: true, maxLength: 2000 },
  },
  schedules: {
    day: { type: "string", required: true, enum: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] },
    hour: { type: "string", required: true },
    coach: { type: "object", required: true },
    workout_plan: { type: "object", required: true },
  },
} as const;
