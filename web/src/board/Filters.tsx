import { useCollection } from "../app/client.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Difficulty } from "../ui/Difficulty.tsx";
import { Picker } from "../ui/Picker.tsx";
import css from "./Filters.module.css";

interface Props {
  coach: number | null;
  plan: number | null;
  onChange: (name: "coach" | "plan", id: number | null) => void;
}

export function Filters({ coach, plan, onChange }: Props) {
  const coaches = useCollection("coaches", { sort: "name" }).rows;
  const plans = useCollection("workout_plans", { sort: "name" }).rows;
  return (
    <div role="group" aria-label="Filter" className={css.filters}>
      <Picker
        label="Filter by coach"
        hideLabel
        clearable
        value={coach}
        rows={coaches}
        onChange={(id) => onChange("coach", id)}
        mark={({ id, name, picture }) => <Avatar id={id} name={name} picture={picture} size={26} />}
        placeholder="All coaches"
      />
      <Picker
        label="Filter by plan"
        hideLabel
        clearable
        value={plan}
        rows={plans}
        onChange={(id) => onChange("plan", id)}
        detail={({ difficulty }) => <Difficulty value={difficulty} />}
        placeholder="All plans"
      />
    </div>
  );
}
