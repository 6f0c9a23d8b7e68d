import type { Day, Schedule } from "@schema";
import { Plus } from "lucide-react";
import { useCallback, useMemo, useState } from "react";

import { Button } from "../ui/Button.tsx";
import { clock } from "../app/words.ts";
import { Cell } from "./Cell.tsx";
import { bandOf, bands, days, inOrder, useNow } from "./days.ts";
import css from "./WeekTable.module.css";

interface Props {
  rows: readonly Schedule[];
  onCreate: (day: Day, band?: number) => void;
}

const none: readonly Schedule[] = [];

/** Seven days across, the hours down. Hours without classes are narrow, so that a whole day fits. */
export function WeekTable({ rows, onCreate }: Props) {
  const { today, band: present } = useNow();
  const [dragging, setDragging] = useState(false);
  const cells = useCells(rows);
  const create = useCallback((day: Day, band: number) => onCreate(day, band), [onCreate]);
  return (
    <>
      <div className={css.frame}>
        <table className={css.table} aria-label="Classes of the week" aria-describedby="board-help">
          <thead>
            <tr>
              <th scope="col" className={css.corner}>
                <span className="hidden-text">Time</span>
              </th>
              {days.map((day) => (
                <th key={day} scope="col" className={css.day} data-today={day === today} aria-current={day === today ? "date" : undefined}>
                  <span className={css.dayhead}>
                    <span aria-hidden="true">{day.slice(0, 3)}</span>
                    <span className="hidden-text">{day}</span>
                    {day === today && <span className={css.today}>Today</span>}
                    <Button look="icon" className={css.add as string} aria-label={`New class on ${day}`} onPress={() => onCreate(day)}>
                      <Plus size={16} aria-hidden="true" />
                    </Button>
                  </span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {bands(rows).map((band) => (
              <tr key={band}>
                <th scope="row" className={css.hour} data-now={band === present}>
                  {clock(String(band * 100))}
                </th>
                {days.map((day) => (
                  <Cell key={day} day={day} band={band} rows={cells.get(`${day} ${band}`) ?? none} today={day === today} dragging={dragging} onDrag={setDragging} onCreate={create} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p id="board-help" className={css.help} hidden={rows.length === 0}>
        Drag a class to move it, or press <kbd>Alt</kbd> and an arrow key while it has the focus.
      </p>
    </>
  );
}

/** The classes of each cell, in order. */
function useCells(rows: readonly Schedule[]) {
  return useMemo(() => {
    const cells = new Map<string, Schedule[]>();
    for (const row of [...rows].sort(inOrder)) {
      const key = `${row.day} ${bandOf(row.hour)}`;
      const cell = cells.get(key);
      if (cell) cell.push(row);
      else cells.set(key, [row]);
    }
    return cells;
  }, [rows]);
}
