import type { Day, Schedule } from "@schema";
import { Plus } from "lucide-react";
import { memo, useRef } from "react";
import { Button as AriaButton, useDrop } from "react-aria-components";

import { client } from "../app/client.ts";
import { clock } from "../app/words.ts";
import css from "./Cell.module.css";
import { CLASS, ClassCard } from "./ClassCard.tsx";
import { inBand } from "./days.ts";
import { moveClass } from "./move.ts";

interface Props {
  day: Day;
  band: number;
  rows: readonly Schedule[];
  today: boolean;
  /** Whether a class is being moved: then this is a place to put it. */
  dragging: boolean;
  onDrag: (dragging: boolean) => void;
  onCreate: (day: Day, band: number) => void;
}

/** One hour of one day: its classes, and a way to put another there. */
export const Cell = memo(function Cell({ day, band, rows, today, dragging, onDrag, onCreate }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  const { dropProps, dropButtonProps, isDropTarget } = useDrop({
    ref: button,
    hasDropButton: true,
    getDropOperation: (types) => (types.has(CLASS) ? "move" : "cancel"),
    async onDrop({ items }) {
      const [item] = items;
      if (item?.kind !== "text") return;
      const row = client.row("schedules", Number(await item.getText(CLASS)));
      if (row) await moveClass(row, day, inBand(row.hour, band));
    },
  });
  const place = `${day} ${clock(String(band * 100))}`;
  return (
    <td {...dropProps} className={css.cell} data-today={today} data-target={isDropTarget} data-filled={rows.length > 0}>
      <ul className={css.classes}>
        {rows.map((row) => (
          <ClassCard key={row.id} row={row} onDrag={onDrag} />
        ))}
      </ul>
      <AriaButton
        {...dropButtonProps}
        ref={button}
        className={css.add as string}
        excludeFromTabOrder
        aria-label={dragging ? `Move to ${place}` : `New class, ${place}`}
        onPress={() => onCreate(day, band)}
      >
        <Plus size={15} aria-hidden="true" />
      </AriaButton>
    </td>
  );
});
