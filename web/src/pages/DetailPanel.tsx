import { ArrowLeft, Ghost, X } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { useLocation, useNavigate } from "react-router";

import { type Name, type Row, useCollection, useRow } from "../app/client.ts";
import { useTitle } from "../app/useTitle.ts";
import { rowName, words } from "../app/words.ts";
import { DeleteButton } from "../forms/DeleteButton.tsx";
import { Fresh } from "../live/Fresh.tsx";
import { Button } from "../ui/Button.tsx";
import { Empty } from "../ui/Empty.tsx";
import { Skeleton } from "../ui/Skeleton.tsx";
import { useMedia } from "../ui/useMedia.ts";
import css from "./DetailPanel.module.css";

/** What stands before and under the name. */
export interface Head {
  mark: ReactNode;
  note: ReactNode;
}

interface Props<K extends Name> {
  collection: K;
  /** As the address has it: a number, or `new`. */
  id: string;
  head: (row: Row<K>) => Head;
  form: (row: Row<K> | undefined, done: (outcome: { id: number; queued: boolean }) => void, aside?: ReactNode) => ReactNode;
}

/** One row, or one to be: beside the list where there is room, in its place where there is not. */
export function DetailPanel<K extends Name>({ collection, id, head, form }: Props<K>) {
  const { one, many, path } = words[collection];
  const { search } = useLocation();
  const navigate = useNavigate();
  const isNew = id === "new";
  // Alone on the page it is the page's heading.
  const Title = useMedia("(max-width: 1080px)") ? "h1" : "h2";
  const row = useRow(collection, isNew ? 0 : Number(id)) as Row<K> | undefined;
  const { ready } = useCollection(collection);
  const seen = useRef(row);
  if (row) seen.current = row;
  const shown = row ?? seen.current;
  const title = useRef<HTMLHeadingElement>(null);
  const name = isNew ? `New ${one}` : shown ? rowName(shown) : `Unknown ${one}`;
  useTitle(isNew || shown ? name : `Unknown ${one}`);
  const there = isNew || shown !== undefined;
  const { key } = useLocation();
  const first = useRef(key);
  useEffect(() => {
    // Not on the first page that was loaded, nor where a form takes the focus itself.
    if (first.current !== "default" && !isNew) title.current?.focus({ preventScroll: true });
  }, [isNew]);

  const close = () => void navigate(`${path}${search}`);
  const done = (outcome: { id: number; queued: boolean }) => {
    // A row that is created again has another id.
    if (isNew || outcome.id !== Number(id)) void navigate(outcome.queued ? `${path}${search}` : `${path}/${outcome.id}${search}`, { replace: true });
  };

  return (
    <section className={css.panel} aria-labelledby="detail-title">
      <header className={css.top}>
        <Button look="quiet" className={css.back as string} onPress={close}>
          <ArrowLeft size={18} aria-hidden="true" /> All {many}
        </Button>
        <Button look="icon" className={css.close as string} aria-label={`Close ${name}`} onPress={close}>
          <X size={20} aria-hidden="true" />
        </Button>
      </header>
      {!ready ? (
        <Skeleton rows={3} label={`Loading the ${one}`} />
      ) : !there ? (
        <>
          <Title id="detail-title" ref={title} tabIndex={-1} className="hidden-text">
            {name}
          </Title>
          <Empty icon={Ghost} title={`There is no ${one} ${id}`} action={<Button onPress={close}>All {many}</Button>}>
            It has been deleted, or never was.
          </Empty>
        </>
      ) : (
        <>
          <div className={css.head}>
            {shown && head(shown).mark}
            <div>
              <Title id="detail-title" ref={title} tabIndex={-1} className={css.title}>
                {name}
              </Title>
              {shown && head(shown).note}
            </div>
          </div>
          {form(row, done, row && <DeleteButton collection={collection} id={row.id} name={name} onDeleted={close} />)}
          {shown && <Fresh collection={collection} id={shown.id} words="form" />}
        </>
      )}
    </section>
  );
}
