import type { ExerciseMove } from "@schema";
import { Dumbbell } from "lucide-react";
import { useMemo } from "react";

import { useCollection } from "../app/client.ts";
import { MoveForm } from "../forms/MoveForm.tsx";
import { count } from "../app/words.ts";
import { hue } from "../ui/Avatar.tsx";
import { tally } from "./ClassesOf.tsx";
import { Line, Tag, Tile } from "./Line.tsx";
import { ListPage, type Sort } from "./ListPage.tsx";
import { newest } from "./sorts.ts";

const sorts: [Sort<ExerciseMove>, ...Sort<ExerciseMove>[]] = [
  { id: "name", label: "A to Z", compare: (a, b) => a.name.localeCompare(b.name) },
  { id: "name-down", label: "Z to A", compare: (a, b) => b.name.localeCompare(a.name) },
  { id: "focus", label: "Focus", compare: (a, b) => a.focus.localeCompare(b.focus) || a.name.localeCompare(b.name) },
  { id: "new", label: "Newest first", compare: (a, b) => newest(a.id, b.id) },
];

const text = ({ name, focus, description }: ExerciseMove) => `${name} ${focus} ${description}`;

export function MovesPage() {
  const plans = useCollection("workout_plans").rows;
  const used = useMemo(() => tally(plans.flatMap(({ exercise_moves }) => [...new Set(exercise_moves.map(({ id }) => id))]), (id) => id), [plans]);
  return (
    <ListPage
      collection="exercise_moves"
      icon={Dumbbell}
      purpose="Moves are what workout plans are made of: a squat, a push-up, a minute of rope."
      sorts={sorts}
      text={text}
      line={({ id, name, focus, description }) => (
        <Line
          mark={mark(focus)}
          name={name}
          detail={description}
          end={
            <>
              <Tag>{focus}</Tag>
              <span className="hidden-text"> in {count(used.get(id) ?? 0, "workout_plans")}</span>
            </>
          }
        />
      )}
      head={({ id, focus }) => ({
        mark: mark(focus),
        note: (
          <Tag>
            {focus} · in {count(used.get(id) ?? 0, "workout_plans")}
          </Tag>
        ),
      })}
      form={(row, onDone, aside) => <MoveForm row={row} onDone={onDone} aside={aside} />}
    />
  );
}

const mark = (focus: string) => (
  <Tile hue={focusHue(focus)}>
    <Dumbbell size={20} strokeWidth={1.8} />
  </Tile>
);

/** Moves that train the same share a colour. */
const focusHue = (focus: string) => hue([...focus.toLowerCase()].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0));
