import { Dumbbell, GripVertical, X } from "lucide-react";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { Button as AriaButton, GridList, GridListItem, useDragAndDrop } from "react-aria-components";

import { useCollection, useWithheld } from "../app/client.ts";
import { Button } from "../ui/Button.tsx";
import { Picker } from "../ui/Picker.tsx";
import css from "./PlanMoves.module.css";
import { bounds, rules } from "./rules.ts";

interface Props {
  ids: readonly number[];
  onChange: (ids: number[]) => void;
  error: string | undefined;
  readOnly: boolean;
}

/** The moves of a plan in their order: dragged by pointer or keyboard, added at the end, taken away. */
export function PlanMoves({ ids, onChange, error, readOnly }: Props) {
  const { rows } = useCollection("exercise_moves", { sort: "name" });
  const withheld = useWithheld("exercise_moves");
  const byId = useMemo(() => new Map(rows.map((row) => [row.id, row])), [rows]);
  const places = usePlaces(ids);
  const [added, setAdded] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const label = useId();
  // Focus goes to the move that was added: it says what it is, and the next is a Tab away.
  useEffect(() => {
    if (added === 0) return;
    const frame = requestAnimationFrame(() => [...(list.current?.querySelectorAll<HTMLElement>("[role=row]") ?? [])].at(-1)?.focus());
    return () => cancelAnimationFrame(frame);
  }, [added]);

  const put = (keys: readonly number[]) => onChange(keys.map((key) => places.find((place) => place.key === key)?.id ?? 0));

  const { dragAndDropHooks } = useDragAndDrop<Place>({
    isDisabled: readOnly,
    getItems: (_, items) => items.map(({ id }) => ({ "text/plain": byId.get(id)?.name ?? "" })),
    onReorder: ({ keys, target }) => {
      const moved = places.filter(({ key }) => keys.has(key)).map(({ key }) => key);
      const rest = places.map(({ key }) => key).filter((key) => !moved.includes(key));
      const at = rest.indexOf(Number(target.key)) + (target.dropPosition === "after" ? 1 : 0);
      const order = [...rest.slice(0, at), ...moved, ...rest.slice(at)];
      places.reorder(order);
      put(order);
    },
  });

  return (
    <div role="group" className={css.moves} aria-labelledby={label}>
      <div className={css.top}>
        <strong id={label}>Moves</strong>
        <span>
          {ids.length === 0 ? bounds(rules.workout_plans.exercise_moves) : ids.length} {ids.length === 1 ? "move" : "moves"}
        </span>
      </div>
      <GridList
        ref={list}
        aria-labelledby={label}
        className={css.list as string}
        items={[...places]}
        dependencies={[byId, readOnly, withheld]}
        dragAndDropHooks={dragAndDropHooks}
        renderEmptyState={() => <p className={css.none}>No moves yet. Add the first below.</p>}
      >
        {(place) => {
          const move = byId.get(place.id);
          const name = move?.name ?? `Move ${place.id}`;
          return (
            <GridListItem id={place.key} textValue={name} className={css.item as string}>
              {!readOnly && (
                <AriaButton slot="drag" className={css.grip as string} aria-label={`Reorder ${name}`}>
                  <GripVertical size={16} aria-hidden="true" />
                </AriaButton>
              )}
              <span className={css.name}>
                {name}
                <small>{move?.focus ?? (withheld ? "Not shown" : "No longer there")}</small>
              </span>
              {!readOnly && (
                <Button look="icon" aria-label={`Remove ${name}`} onPress={() => onChange([...places].filter(({ key }) => key !== place.key).map(({ id }) => id))}>
                  <X size={16} aria-hidden="true" />
                </Button>
              )}
            </GridListItem>
          );
        }}
      </GridList>
      {error !== undefined && (
        <p className={css.error} role="alert">
          Moves: {error}
        </p>
      )}
      {!readOnly && (
        <Picker
          key={added}
          label="Add a move"
          value={null}
          rows={rows}
          onChange={(id) => {
            if (id === null) return;
            onChange([...ids, id]);
            setAdded(added + 1);
          }}
          detail={({ focus }) => focus}
          mark={() => <Dumbbell size={17} aria-hidden="true" />}
          placeholder="Search moves"
          invalid={error !== undefined}
        />
      )}
    </div>
  );
}

interface Place {
  key: number;
  id: number;
}

/** Keys for places, since one move may stand in several; a place keeps its key while the others come and go. */
function usePlaces(ids: readonly number[]): Place[] & { reorder: (keys: number[]) => void } {
  const last = useRef<Place[]>([]);
  const next = useRef(1);
  const free = [...last.current];
  const places = ids.map((id) => {
    const at = free.findIndex((place) => place.id === id);
    return at < 0 ? { key: next.current++, id } : (free.splice(at, 1)[0] ?? { key: 0, id });
  });
  last.current = places;
  return Object.assign(places, {
    reorder(keys: number[]) {
      last.current = keys.flatMap((key) => places.filter((place) => place.key === key));
    },
  });
}
