import type { Coach } from "@schema";
import { Users } from "lucide-react";
import { useMemo } from "react";

import { useCollection } from "../app/client.ts";
import { count } from "../app/words.ts";
import { CoachForm } from "../forms/CoachForm.tsx";
import { Avatar } from "../ui/Avatar.tsx";
import { ClassesOf, tally } from "./ClassesOf.tsx";
import { Line } from "./Line.tsx";
import { ListPage, type Sort } from "./ListPage.tsx";
import { newest } from "./sorts.ts";

const sorts: [Sort<Coach>, ...Sort<Coach>[]] = [
  { id: "name", label: "A to Z", compare: (a, b) => a.name.localeCompare(b.name) },
  { id: "name-down", label: "Z to A", compare: (a, b) => b.name.localeCompare(a.name) },
  { id: "age", label: "Youngest first", compare: (a, b) => a.age - b.age },
  { id: "age-down", label: "Oldest first", compare: (a, b) => b.age - a.age },
  { id: "new", label: "Newest first", compare: (a, b) => newest(a.id, b.id) },
];

const text = ({ name, username }: Coach) => `${name} ${username ?? ""}`;

export function CoachesPage() {
  const { rows } = useCollection("schedules");
  const classes = useMemo(() => tally(rows, ({ coach }) => coach.id), [rows]);
  return (
    <ListPage
      collection="coaches"
      icon={Users}
      purpose="Coaches teach the classes of the week, and those with a username can sign in."
      sorts={sorts}
      text={text}
      line={({ id, name, age, picture, username }) => (
        <Line
          mark={<Avatar id={id} name={name} picture={picture} size={42} />}
          name={name}
          detail={[username === null ? undefined : `@${username}`, `${age} years`].filter(Boolean).join(" · ")}
          end={count(classes.get(id) ?? 0, "schedules")}
        />
      )}
      head={({ id, name, picture }) => ({ mark: <Avatar id={id} name={name} picture={picture} size={64} />, note: <ClassesOf of={{ coach: id }} /> })}
      form={(row, onDone, aside) => <CoachForm row={row} onDone={onDone} aside={aside} />}
    />
  );
}
