import type { Schedule } from "@schema";
import { GripVertical } from "lucide-react";
import { type KeyboardEvent, memo, useEffect, useRef } from "react";
import { Button as AriaButton, useDrag } from "react-aria-components";
import { Link, useLocation } from "react-router";

import { useRow } from "../app/client.ts";
import { useGate } from "../app/Gate.tsx";
import { clock } from "../app/words.ts";
import { Fresh, Waiting } from "../live/Fresh.tsx";
import { Avatar, hue } from "../ui/Avatar.tsx";
import { Difficulty } from "../ui/Difficulty.tsx";
import css from "./ClassCard.module.css";
import { bandOf, days, inBand } from "./days.ts";
import { moveClass, takesFocus } from "./move.ts";

export const CLASS = "application/x-rowcast-class";

interface Props {
  row: Schedule;
  /** In a day's list there is room for more, and nowhere to drag it. */
  wide?: boolean;
  onDrag?: (dragging: boolean) => void;
}

/** One class: opens by a click, moves by dragging, by its handle from the keyboard, or by Alt and an arrow. */
export const ClassCard = memo(function ClassCard({ row, wide = false, onDrag }: Props) {
  const { id, day, hour, coach, workout_plan: plan } = row;
  const { mayEdit } = useGate();
  const { search } = useLocation();
  const picture = useRow("coaches", coach.id)?.picture;
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    if (takesFocus(id)) link.current?.focus();
  }, [id]);
  const { dragProps, dragButtonProps, isDragging } = useDrag({
    hasDragButton: true,
    isDisabled: !mayEdit || wide,
    getItems: () => [{ [CLASS]: String(id), "text/plain": `${plan.name}, ${day} ${clock(hour)}` }],
    getAllowedDropOperations: () => ["move"],
    onDragStart: () => onDrag?.(true),
    onDragEnd: () => onDrag?.(false),
  });
  const name = `${day} ${clock(hour)}, ${plan.name}, ${coach.name}, ${plan.difficulty}`;

  function step(event: KeyboardEvent) {
    if (!event.altKey || !mayEdit) return;
    const [across, down] = steps[event.key] ?? [0, 0];
    if (across === 0 && down === 0) return;
    event.preventDefault();
    const to = days[days.indexOf(day) + across];
    const band = bandOf(hour) + down;
    if (to && band >= 0 && band < 24) void moveClass(row, to, inBand(hour, band));
  }

  return (
    <li className={css.item}>
      <div {...dragProps} className={css.card} data-hue={hue(plan.id)} data-wide={wide} data-dragging={isDragging}>
        <Link ref={link} to={`/classes/${id}${search}`} className={css.link as string} draggable={false} aria-label={name} onKeyDown={step} aria-keyshortcuts="Alt+ArrowLeft Alt+ArrowRight Alt+ArrowUp Alt+ArrowDown">
          <span className={css.top}>
            <time>{clock(hour)}</time>{" "}
            {!wide && <Difficulty value={plan.difficulty} short />}
            <Waiting collection="schedules" id={id} />
          </span>
          <strong className={css.plan}>{plan.name}</strong>{" "}
          <span className={css.coach}>
            <Avatar id={coach.id} name={coach.name} picture={picture} size={wide ? 24 : 20} />
            <span>{coach.name}</span>{" "}
            {wide && <Difficulty value={plan.difficulty} />}
          </span>
        </Link>
        {!wide && mayEdit && (
          <AriaButton {...dragButtonProps} className={css.grip as string} aria-label={`Move ${name}`}>
            <GripVertical size={15} aria-hidden="true" />
          </AriaButton>
        )}
        <Fresh collection="schedules" id={id} words={wide ? "row" : "card"} />
      </div>
    </li>
  );
});

const steps: Record<string, [across: number, down: number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
