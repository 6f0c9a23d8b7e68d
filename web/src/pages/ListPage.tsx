import { EyeOff, type LucideIcon, Plus, SearchX } from "lucide-react";
import { type ReactNode, useCallback, useDeferredValue, useEffect, useMemo, useRef } from "react";
import { useLocation, useNavigate, useParams, useSearchParams } from "react-router";

import { type Name, type Row, useCollection, useWithheld } from "../app/client.ts";
import { useGate } from "../app/Gate.tsx";
import { useTitle } from "../app/useTitle.ts";
import { count, words } from "../app/words.ts";
import { Button } from "../ui/Button.tsx";
import { Choice } from "../ui/Choice.tsx";
import { Empty } from "../ui/Empty.tsx";
import { focusLater } from "../ui/focusLater.ts";
import { Search } from "../ui/Search.tsx";
import { Skeleton } from "../ui/Skeleton.tsx";
import { DetailPanel, type Head } from "./DetailPanel.tsx";
import css from "./ListPage.module.css";
import { RowList } from "./RowList.tsx";

export interface Sort<R> {
  id: string;
  label: string;
  compare: (a: R, b: R) => number;
}

interface Props<K extends Name> {
  collection: K;
  icon: LucideIcon;
  /** What this place is for, shown while it is empty. */
  purpose: string;
  sorts: [Sort<Row<K>>, ...Sort<Row<K>>[]];
  /** What the search looks through. */
  text: (row: Row<K>) => string;
  line: (row: Row<K>) => ReactNode;
  /** The head of the panel of one row, and its form. */
  head: (row: Row<K>) => Head;
  form: (row: Row<K> | undefined, done: (outcome: { id: number; queued: boolean }) => void, aside?: ReactNode) => ReactNode;
}

/** A collection: its rows with search and order, and beside them the one that is open. */
export function ListPage<K extends Name>({ collection, icon, purpose, sorts, text, line, head, form }: Props<K>) {
  const { one, many, title, path } = words[collection];
  const { id } = useParams();
  const [params, setParams] = useSearchParams();
  const { search } = useLocation();
  const navigate = useNavigate();
  const { whenSignedIn } = useGate();
  const { rows, ready } = useCollection(collection) as { rows: readonly Row<K>[]; ready: boolean };
  const withheld = useWithheld(collection);
  const query = params.get("q") ?? "";
  const sort = sorts.find((candidate) => candidate.id === params.get("sort")) ?? sorts[0];
  const wanted = useDeferredValue(query.trim().toLowerCase());
  const found = useMemo(() => rows.filter((row) => text(row).toLowerCase().includes(wanted)).sort(sort.compare), [rows, text, wanted, sort]);
  useTitle(id === undefined ? title : undefined);
  const open = useRef(id);
  useEffect(() => {
    const left = open.current;
    open.current = id;
    if (id !== undefined || left === undefined) return;
    // The panel has gone, and the focus with it.
    focusLater(() => document.querySelector<HTMLElement>(`[role=row][data-key="${left}"]`) ?? document.getElementById("page-title"));
  }, [id]);

  const put = (name: string, value: string) =>
    setParams((now) => {
      if (value) now.set(name, value);
      else now.delete(name);
      return now;
    }, { replace: true });
  const href = useCallback((row: { id: number }) => `${path}/${row.id}${search}`, [path, search]);
  const create = () => whenSignedIn(() => void navigate(`${path}/new${search}`));

  return (
    <div className={css.page} data-open={id !== undefined}>
      <section className={css.side} aria-labelledby="page-title">
        <header className={css.head}>
          <div>
            <h1 id="page-title" tabIndex={-1}>{title}</h1>
            <p className={css.count} role="status">
              {withheld ? "Not shown" : ready ? (wanted ? `${count(found.length, collection)} found` : count(rows.length, collection)) : "Loading…"}
            </p>
          </div>
          <Button look="primary" onPress={create}>
            <Plus size={18} aria-hidden="true" />
            <span>
              New <span className={css.one}>{one}</span>
            </span>
          </Button>
        </header>
        <div className={css.tools} hidden={ready && rows.length === 0}>
          <Search label={`Search ${many}`} value={query} onChange={(to) => put("q", to)} />
          <div className={css.sort}>
            <Choice label="Sort by" hideLabel value={sort.id} options={sorts} onChange={(to) => put("sort", to === sorts[0].id ? "" : to)} />
          </div>
        </div>
        <div className={css.card}>
          {!ready ? (
            <Skeleton label={`Loading ${many}`} />
          ) : withheld ? (
            <Empty icon={EyeOff} title={`Too many ${many} to show`}>
              Together they are larger than what the server sends to a page. Whoever runs it can raise that limit.
            </Empty>
          ) : rows.length === 0 ? (
            <Empty icon={icon} title={`No ${many} yet`} action={<Button look="primary" onPress={create}>Add the first {one}</Button>}>
              {purpose}
            </Empty>
          ) : found.length === 0 ? (
            <Empty icon={SearchX} title="Nothing found" action={<Button onPress={() => put("q", "")}>Clear the search</Button>}>
              No {one} matches “{query}”.
            </Empty>
          ) : (
            <RowList label={title} collection={collection} rows={found} current={id} href={href} line={line} />
          )}
        </div>
      </section>
      {id !== undefined && <DetailPanel key={id} collection={collection} id={id} head={head} form={form} />}
    </div>
  );
}
