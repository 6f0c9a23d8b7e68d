import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { GridList, GridListItem, ListLayout, Virtualizer } from "react-aria-components";

import type { Name, Row } from "../app/client.ts";
import { rowName } from "../app/words.ts";
import { Fresh, Waiting } from "../live/Fresh.tsx";
import css from "./RowList.module.css";

interface Props<K extends Name> {
  label: string;
  collection: K;
  rows: readonly Row<K>[];
  /** The id of the row that is open, as the address has it. */
  current: string | undefined;
  href: (row: Row<K>) => string;
  line: (row: Row<K>) => ReactNode;
}

/** Rows as links. Only those in sight are on the page, so thousands scroll as smoothly as ten. */
export function RowList<K extends Name>({ label, collection, rows, current, href, line }: Props<K>) {
  return (
    <Virtualizer layout={ListLayout} layoutOptions={{ rowSize: 72, padding: 8 }}>
      <GridList aria-label={label} className={css.list as string} items={rows} dependencies={[current, href]}>
        {(row: Row<K>) => (
          <GridListItem id={row.id} textValue={rowName(row)} href={href(row)} className={`${css.row} ${String(row.id) === current ? css.current : ""}`}>
            <span className={css.line}>{line(row)}</span>
            <Waiting collection={collection} id={row.id} />
            <ChevronRight size={18} className={css.more} aria-hidden="true" />
            <Fresh collection={collection} id={row.id} />
          </GridListItem>
        )}
      </GridList>
    </Virtualizer>
  );
}
